import GatehouseCrypto
import GatehouseTLS

/// A named choice of algorithms that the runner knows. Nothing else may be negotiated under it.
struct CompliancePolicy: Sendable {
    let cipherSuites: [CipherSuite]
    let groups: [NamedGroup]
    let signatureSchemes: [SignatureScheme]

    private init(_ suites: [CipherSuite], _ groups: [NamedGroup], _ schemes: [SignatureScheme]) {
        cipherSuites = suites
        self.groups = groups
        signatureSchemes = schemes
    }

    static let fips202205 = CompliancePolicy(
        [.aes128GCMSHA256, .aes256GCMSHA384], [.secp256r1, .secp384r1],
        [
            .ecdsaSecp256r1SHA256, .rsaPSSRSAESHA256, .ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384, .rsaPSSRSAESHA512,
        ])
    static let wpa202304 = CompliancePolicy(
        [.aes256GCMSHA384], [.secp384r1], [.ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384, .rsaPSSRSAESHA512])
    /// Without ML-KEM where libcrypto has none.
    static let cnsa1 = CompliancePolicy(
        [.aes256GCMSHA384], [.mlKEM1024, .secp384r1].filter(\.isSupported), [.ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384])
    static let cnsa2 = CompliancePolicy(
        [.aes256GCMSHA384], [.mlKEM1024], [.ecdsaSecp384r1SHA384, .rsaPSSRSAESHA384])
}
