import GatehouseCrypto
import TestSupport
import Testing

@Suite("ML-KEM, alone and in hybrid groups, and ML-DSA")
struct PostQuantumTests {
    /// A group, the lengths of its shares and its secret, and where the classical half of a client's share lies.
    struct Group: Sendable, CustomTestStringConvertible {
        let group: NamedGroup
        let clientShare: Int
        let serverShare: Int
        let secret: Int
        let classical: Range<Int>

        var testDescription: String { group.description }
    }

    /// RFC 10024 §4.1 to §4.3.
    static let hybrids = [
        Group(group: .x25519MLKEM768, clientShare: 1216, serverShare: 1120, secret: 64, classical: 1184..<1216),
        Group(group: .secp256r1MLKEM768, clientShare: 1249, serverShare: 1153, secret: 64, classical: 0..<65),
        Group(group: .secp384r1MLKEM1024, clientShare: 1665, serverShare: 1665, secret: 80, classical: 0..<97),
    ]

    /// FIPS 203, tables 2 and 3.
    static let groups =
        hybrids + [
            Group(group: .mlKEM768, clientShare: 1184, serverShare: 1088, secret: 32, classical: 0..<0),
            Group(group: .mlKEM1024, clientShare: 1568, serverShare: 1568, secret: 32, classical: 0..<0),
        ]

    @Test(
        "F-02 groups with ML-KEM have their numbers and names, and are there exactly if libcrypto has them",
        arguments: [
            (NamedGroup.secp256r1MLKEM768, 0x11EB, "SecP256r1MLKEM768"), (.x25519MLKEM768, 0x11EC, "X25519MLKEM768"),
            (.secp384r1MLKEM1024, 0x11ED, "SecP384r1MLKEM1024"), (.mlKEM768, 0x0201, "MLKEM768"),
            (.mlKEM1024, 0x0202, "MLKEM1024"),
        ])
    func names(group: NamedGroup, number: UInt16, name: String) {
        #expect(group.rawValue == number)
        #expect(group.description == name)
        #expect(group.isPostQuantum)
        #expect(group.isSupported == Libcrypto.hasPostQuantum)
        let isAlone = [.mlKEM768, .mlKEM1024].contains(group)
        #expect(NamedGroup.supported.contains(group) == (Libcrypto.hasPostQuantum && !isAlone))
        #expect(NamedGroup.supportedWhenListed.contains(group) == (Libcrypto.hasPostQuantum && isAlone))
        let scalar = [UInt8](repeating: 1, count: 64)
        #expect(throws: CryptoError.unsupportedGroup) { _ = try EphemeralKey(group, privateKey: scalar.span) }
        guard !Libcrypto.hasPostQuantum else { return }
        #expect(throws: CryptoError.unsupportedGroup) { _ = try EphemeralKey.generate(group) }
    }

    private func answer(_ group: NamedGroup, _ peer: [UInt8]) throws(CryptoError) -> (share: [UInt8], secret: [UInt8]) {
        let agreed = try KeyShareAnswer.answer(group, to: peer.span)
        let share = agreed.share
        let secret = agreed.takeSecret()
        return (share, copy(secret))
    }

    private func conclude(_ key: consuming EphemeralKey, _ peer: [UInt8]) throws(CryptoError) -> [UInt8] {
        let secret = try key.sharedSecret(with: peer.span)
        return copy(secret)
    }

    @Test(
        "F-02 both sides of a group with ML-KEM agree, with shares and secrets of the right length",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)), arguments: groups)
    func agreement(tested: Group) throws {
        let key = try EphemeralKey.generate(tested.group)
        let share = key.publicKey
        #expect(share.count == tested.clientShare)
        let (other, secret) = try answer(tested.group, share)
        #expect(other.count == tested.serverShare)
        #expect(secret.count == tested.secret)
        #expect(try conclude(key, other) == secret)
        #expect(try answer(tested.group, share).secret != secret)
        // What was made for one key tells the owner of another nothing.
        let stranger = try EphemeralKey.generate(tested.group)
        #expect(try conclude(stranger, other) != secret)
    }

    @Test(
        "F-02 shares of a group with ML-KEM of every other length are refused, on both sides",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)), arguments: groups)
    func lengths(tested: Group) throws {
        let share = try EphemeralKey.generate(tested.group).publicKey
        let other = try answer(tested.group, share).share
        for count in 0...2000 where count % 7 == 0 || abs(count - share.count) < 3 || abs(count - other.count) < 3 {
            if count != share.count {
                #expect(throws: CryptoError.invalidKeyShare, "\(count) bytes from a client") {
                    try answer(tested.group, Array((share + share).prefix(count)))
                }
            }
            if count != other.count {
                #expect(throws: CryptoError.invalidKeyShare, "\(count) bytes from a server") {
                    try conclude(EphemeralKey.generate(tested.group), Array((other + other).prefix(count)))
                }
            }
        }
    }

    @Test(
        "F-02 an encapsulation key with a coefficient that is not reduced is refused (FIPS 203 §7.2)",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)), arguments: groups)
    func encapsulationKeys(tested: Group) throws {
        let share = try EphemeralKey.generate(tested.group).publicKey
        let start = tested.classical.lowerBound == 0 ? tested.classical.upperBound : 0
        for offset in [start, start + 600] {
            var bad = share
            for index in offset..<offset + 3 { bad[index] = 0xFF }
            #expect(throws: CryptoError.invalidKeyShare) { try answer(tested.group, bad) }
        }
    }

    @Test(
        "F-02 the classical half of a share stands where it should, and is checked",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)), arguments: hybrids)
    func classicalHalves(hybrid: Group) throws {
        let key = try EphemeralKey.generate(hybrid.group)
        let share = key.publicKey
        let other = try answer(hybrid.group, share).share
        var broken: [(inout [UInt8]) -> Void] = []
        if hybrid.group == .x25519MLKEM768 {
            // The all-zero point has low order: the secret would be zero (RFC 9846 §7.4.2).
            broken.append { for index in $0.indices.suffix(32) { $0[index] = 0 } }
        } else {
            #expect(share[0] == 4)
            #expect(other[0] == 4)
            for form in UInt8.min...7 where form != 4 { broken.append { $0[0] = form } }
            broken.append { $0[hybrid.classical.upperBound - 1] ^= 1 }
        }
        for change in broken {
            var (bad, badAnswer) = (share, other)
            change(&bad)
            change(&badAnswer)
            #expect(throws: CryptoError.invalidKeyShare) { try answer(hybrid.group, bad) }
            #expect(throws: CryptoError.invalidKeyShare) {
                try conclude(EphemeralKey.generate(hybrid.group), badAnswer)
            }
        }
    }

    @Test("F-03 ML-DSA has its numbers and names, and is there exactly if libcrypto has it")
    func mlDSANames() {
        let schemes: [SignatureScheme] = [.mlDSA44, .mlDSA65, .mlDSA87]
        #expect(schemes.map(\.rawValue) == [0x0904, 0x0905, 0x0906])
        #expect(schemes.map(\.description) == ["mldsa44", "mldsa65", "mldsa87"])
        for (scheme, parameters) in zip(schemes, MLDSAParameterSet.allCases) {
            #expect(parameters.isSupported == Libcrypto.hasPostQuantum)
            #expect(SignatureScheme.supportedInHandshake.contains(scheme) == Libcrypto.hasPostQuantum)
            #expect(KeyAlgorithm.mlDSA(parameters).description == "ML-DSA-\(parameters.rawValue)")
            for other in MLDSAParameterSet.allCases {
                #expect(scheme.fits(.mlDSA(other)) == (other == parameters))
            }
            guard !Libcrypto.hasPostQuantum else { continue }
            let bytes = [UInt8](repeating: 1, count: parameters.publicKeyLength)
            #expect(throws: CryptoError.unsupportedAlgorithm) { try PublicKey(mlDSA: bytes.span, parameters) }
            #expect(throws: KeyError.unsupportedAlgorithm("ML-DSA-\(parameters.rawValue)")) {
                try PrivateKey.generate(.mlDSA(parameters))
            }
        }
    }

    @Test(
        "F-03 ML-DSA signs and verifies, with its own parameter set only",
        .enabled(if: Libcrypto.hasPostQuantum, Comment(rawValue: Libcrypto.tooOld)),
        arguments: zip(MLDSAParameterSet.allCases, [2420, 3309, 4627]))
    func mlDSA(parameters: MLDSAParameterSet, signatureLength: Int) throws {
        let key = try PrivateKey.generate(.mlDSA(parameters))
        #expect(key.algorithm == .mlDSA(parameters))
        let scheme = try #require(key.signatureSchemes.first)
        #expect(key.signatureSchemes.count == 1)
        let message = Array("message".utf8)
        let signature = try key.sign(message.span, scheme: scheme)
        #expect(signature.count == signatureLength)
        let bits = Array(key.subjectPublicKeyInfo.suffix(parameters.publicKeyLength))
        let publicKey = try PublicKey(mlDSA: bits.span, parameters)
        #expect(publicKey.subjectPublicKeyInfo == key.subjectPublicKeyInfo)
        func isValid(_ signature: [UInt8], _ scheme: SignatureScheme) -> Bool {
            publicKey.isValidSignature(signature.span, over: message.span, scheme: scheme)
        }
        #expect(isValid(signature, scheme))
        for index in [0, signature.count / 2, signature.count - 1] {
            var bad = signature
            bad[index] ^= 1
            #expect(!isValid(bad, scheme))
        }
        for other in SignatureScheme.supportedInHandshake where other != scheme {
            #expect(!isValid(signature, other))
            #expect(throws: CryptoError.unsupportedAlgorithm) { try key.sign(message.span, scheme: other) }
        }
        for count in [0, bits.count - 1, bits.count + 1] {
            let wrong = Array((bits + [0]).prefix(count))
            #expect(throws: CryptoError.invalidKey) { try PublicKey(mlDSA: wrong.span, parameters) }
        }
    }
}
