public import GatehouseCertificates
import GatehouseSystem
import Synchronization

extension TrustStore {
    /// The certificates that this system trusts to sign for servers. Read once per process and shared.
    ///
    /// `SSL_CERT_FILE` names a file to read instead of the system's, `SSL_CERT_DIR` directories (separated by colons)
    /// instead of the system's, as for other TLS stacks. Clients of a server are never trusted because of these: the
    /// store for client certificates is separate, and empty until it is set.
    ///
    /// - Throws: `SystemTrustError` when there is no certificate in any of the places.
    public static func system() throws(SystemTrustError) -> TrustStore {
        if let known = sharedStore.withLock({ $0 }) { return known }
        let store = try SystemTrust(environment: Environment.value(of:)).load()
        sharedStore.withLock { $0 = store }
        return store
    }
}

private let sharedStore = Mutex<TrustStore?>(nil)

/// There is nobody to trust on this system.
public struct SystemTrustError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The files and directories that were looked at.
    public let places: [String]

    /// One line for a person.
    public var description: String {
        "there are no trusted certificates at \(places.joined(separator: ", "))"
    }
}

/// Where systems keep the certificates that they trust.
struct SystemTrust {
    /// Bundles: the first one that holds certificates is taken.
    static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Alpine
        "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
        "/etc/ssl/ca-bundle.pem",  // openSUSE
        "/var/lib/ca-certificates/ca-bundle.pem",  // openSUSE
        "/etc/ssl/cert.pem",  // Alpine, macOS
        "/opt/homebrew/etc/ca-certificates/cert.pem",  // Homebrew
    ]
    /// Directories of single certificates, for systems without a bundle.
    static let directories = ["/etc/ssl/certs", "/etc/pki/tls/certs"]

    let files: [String]
    let directories: [String]

    /// The system's places, or those that the environment names instead.
    init(environment: (String) -> String?) {
        let file = environment("SSL_CERT_FILE").flatMap { $0.isEmpty ? nil : $0 }
        let list = environment("SSL_CERT_DIR").flatMap { $0.isEmpty ? nil : $0 }
        files = file.map { [$0] } ?? (list == nil ? Self.bundles : [])
        directories = list.map { $0.split(separator: ":").map(String.init) } ?? (file == nil ? Self.directories : [])
    }

    /// Every certificate of the first bundle that has one and, if there is none or the environment names directories,
    /// of the directories.
    func load() throws(SystemTrustError) -> TrustStore {
        var bundle = TrustBundle()
        for file in files {
            guard let contents = try? FileSystem.read(file, limit: Self.largestFile), bundle.add(contents) else {
                continue
            }
            break
        }
        if bundle.certificates.isEmpty || directories != Self.directories {
            for directory in directories {
                for name in (try? FileSystem.entries(of: directory)) ?? [] {
                    guard let contents = try? FileSystem.read("\(directory)/\(name)", limit: Self.largestFile) else {
                        continue
                    }
                    bundle.add(contents)
                }
            }
        }
        guard !bundle.certificates.isEmpty else { throw SystemTrustError(places: files + directories) }
        return bundle.store
    }

    /// The bundles that systems come with have a quarter of a megabyte.
    private static let largestFile = 1 << 24
}
