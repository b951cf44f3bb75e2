/// The parameter sets of ML-DSA (FIPS 204 §4). libcrypto has them since version 3.5; they are looked for when the program
/// runs.
public enum MLDSAParameterSet: Int, Sendable, Hashable, CaseIterable {
    /// ML-DSA-44: as hard to break as SHA-256 is to find a collision for.
    case mlDSA44 = 44
    /// ML-DSA-65: as hard to break as AES-192.
    case mlDSA65 = 65
    /// ML-DSA-87: as hard to break as AES-256.
    case mlDSA87 = 87

    /// The name of FIPS 204, which is libcrypto's too: `ML-DSA-44`.
    package var name: String { "ML-DSA-\(rawValue)" }

    /// The size in bytes of a public key (FIPS 204, table 2).
    package var publicKeyLength: Int {
        switch self {
        case .mlDSA44: 1312
        case .mlDSA65: 1952
        case .mlDSA87: 2592
        }
    }

    /// Whether libcrypto has it.
    public var isSupported: Bool { Self.supported.contains(self) }

    private static let supported = Set(allCases.filter { (try? KeyHandle.makeGenerator($0.name)) != nil })
}
