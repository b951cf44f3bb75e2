import Foundation
import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import Gatehouse

@Suite("The system's trust store")
struct SystemTrustTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-\(UUID().uuidString)")

    private func anchor(_ name: String) throws -> Certificate {
        var template = CertificateTemplate(commonName: name, notBefore: 0, notAfter: 4_000_000_000)
        template.role = .authority(pathLength: nil)
        return try template.selfSigned(with: try PrivateKey.generate(.p256), serialNumber: [1])
    }

    private func write(_ contents: Data, _ path: String) throws -> String {
        let url = folder.appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try contents.write(to: url)
        return url.path()
    }

    @Test("SSL_CERT_FILE and SSL_CERT_DIR stand in for the system's places; what does not parse is left out")
    func environment() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (one, two, three) = (try anchor("one"), try anchor("two"), try anchor("three"))
        let broken = PEM.encode(label: "CERTIFICATE", der: [0x30, 0x00])
        let bundle = try write(Data((one.pem + broken + "text\n" + one.pem).utf8), "bundle.pem")
        _ = try write(Data(two.pem.utf8), "directory/two.pem")
        _ = try write(Data(three.der), "directory/three.der")
        _ = try write(Data("nothing".utf8), "directory/readme")
        let directory = folder.appending(path: "directory").path()

        func load(_ environment: [String: String]) throws -> Set<Certificate> {
            Set(try SystemTrust(environment: { environment[$0] }).load().certificates)
        }
        #expect(try load(["SSL_CERT_FILE": bundle]) == [one])
        #expect(try load(["SSL_CERT_DIR": "/nowhere:\(directory)"]) == [two, three])
        #expect(try load(["SSL_CERT_FILE": bundle, "SSL_CERT_DIR": directory]) == [one, two, three])
        #expect(throws: SystemTrustError(places: ["/nowhere"])) { try load(["SSL_CERT_FILE": "/nowhere"]) }
    }

    @Test("without the environment, the places of the systems are looked at in their order")
    func places() {
        let system = SystemTrust(environment: { _ in nil })
        #expect(system.files == SystemTrust.bundles)
        #expect(system.directories == SystemTrust.directories)
    }
}
