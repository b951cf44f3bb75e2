/// A group whose shares are answered by key encapsulation (FIPS 203). The hybrid ones join it with a classical key
/// agreement: what is agreed stays secret as long as one of the two holds (RFC 10024).
///
/// libcrypto has all of them as key types of their own since version 3.5; they are looked for by name when the program
/// runs.
enum EncapsulationGroup: Sendable {
    case x25519MLKEM768
    case secp256r1MLKEM768
    case secp384r1MLKEM1024
    case mlKEM768
    case mlKEM1024

    /// libcrypto's name for it.
    var name: String {
        switch self {
        case .x25519MLKEM768: "X25519MLKEM768"
        case .secp256r1MLKEM768: "SecP256r1MLKEM768"
        case .secp384r1MLKEM1024: "SecP384r1MLKEM1024"
        case .mlKEM768: "ML-KEM-768"
        case .mlKEM1024: "ML-KEM-1024"
        }
    }

    /// The size in bytes of ML-KEM's encapsulation key (FIPS 203, table 3).
    private var encapsulationKeyLength: Int {
        switch self {
        case .x25519MLKEM768, .secp256r1MLKEM768, .mlKEM768: 1184
        case .secp384r1MLKEM1024, .mlKEM1024: 1568
        }
    }

    /// The size in bytes of ML-KEM's ciphertext (FIPS 203, table 3).
    private var ciphertextLength: Int {
        switch self {
        case .x25519MLKEM768, .secp256r1MLKEM768, .mlKEM768: 1088
        case .secp384r1MLKEM1024, .mlKEM1024: 1568
        }
    }

    /// The size in bytes of the classical half of a share; 0 where there is none.
    private var classicalLength: Int {
        switch self {
        case .x25519MLKEM768: 32
        case .secp256r1MLKEM768: EllipticCurve.p256.pointLength
        case .secp384r1MLKEM1024: EllipticCurve.p384.pointLength
        case .mlKEM768, .mlKEM1024: 0
        }
    }

    /// The size in bytes of a client's share.
    var clientShareLength: Int { encapsulationKeyLength + classicalLength }

    /// The size in bytes of a server's share.
    var serverShareLength: Int { ciphertextLength + classicalLength }

    /// The size in bytes of the secret: ML-KEM's 32, and the classical one.
    var secretLength: Int {
        switch self {
        case .x25519MLKEM768, .secp256r1MLKEM768: 64
        case .secp384r1MLKEM1024: 32 + EllipticCurve.p384.fieldLength
        case .mlKEM768, .mlKEM1024: 32
        }
    }

    /// Where X25519's secret lies in the whole; nil for the other groups, which have no all-zero secret.
    var montgomerySecret: Range<Int>? {
        self == .x25519MLKEM768 ? 32..<64 : nil
    }

    /// Whether the classical half of a share has the form that it must have, as far as one byte tells.
    ///
    /// RFC 10024 §4.1, §4.2: ML-KEM's half comes first with X25519, and last with the NIST curves, whose points are in the
    /// uncompressed form of RFC 9846 §4.3.8.2. libcrypto would take the hybrid form too.
    func isWellFormed(_ share: Span<UInt8>) -> Bool {
        switch self {
        case .x25519MLKEM768, .mlKEM768, .mlKEM1024: true
        case .secp256r1MLKEM768, .secp384r1MLKEM1024: !share.isEmpty && share[0] == 4
        }
    }
}
