package import GatehouseCrypto

// The key schedule of RFC 9846 §7.1, one type a stage: a secret cannot be asked for before its stage is reached.
//
//              0
//              |
//    PSK ->  HKDF-Extract = Early Secret
//              |
//        Derive-Secret(., "derived", "")
//              |
//    (EC)DHE -> HKDF-Extract = Handshake Secret
//              |
//              +-----> Derive-Secret(., "c hs traffic", ClientHello...ServerHello)
//              +-----> Derive-Secret(., "s hs traffic", ClientHello...ServerHello)
//              |
//        Derive-Secret(., "derived", "")
//              |
//    0 -> HKDF-Extract = Main Secret
//              |
//              +-----> Derive-Secret(., "c ap traffic", ClientHello...server Finished)
//              +-----> Derive-Secret(., "s ap traffic", ClientHello...server Finished)
//              +-----> Derive-Secret(., "exp master", ClientHello...server Finished)
//              +-----> Derive-Secret(., "res master", ClientHello...client Finished)

/// One secret of the schedule, keyed for HKDF-Expand.
package struct ScheduleSecret: ~Copyable, Sendable {
    let hash: HashAlgorithm
    package let secret: Secret
    private let key: HMACKey

    package init(_ hash: HashAlgorithm, _ secret: consuming Secret) {
        self.hash = hash
        key = secret.withSpan { HMACKey(hash, key: $0) }
        self.secret = secret
    }

    init(_ hash: HashAlgorithm, salt: borrowing Secret, inputKeyingMaterial: borrowing Secret) {
        self.init(salt: salt.withSpan { HMACKey(hash, key: $0) }, inputKeyingMaterial: inputKeyingMaterial)
    }

    init(salt: borrowing HMACKey, inputKeyingMaterial: borrowing Secret) {
        self.init(salt.algorithm, HKDF.extract(salt: salt, inputKeyingMaterial: inputKeyingMaterial))
    }

    /// HKDF-Expand-Label (RFC 9846 §7.1).
    package func expandLabel(_ label: StaticString, context: [UInt8], count: Int) -> Secret {
        HKDF.expandLabel(key, label: label, context: context.span, count: count)
    }

    /// HKDF-Expand-Label with a label that the application chose.
    func expandLabel(_ label: [UInt8], context: [UInt8], count: Int) -> Secret {
        HKDF.expandLabel(key, label: label.span, context: context.span, count: count)
    }

    /// Derive-Secret (RFC 9846 §7.1), with the hash of the messages already taken.
    package func derive(_ label: StaticString, _ transcriptHash: [UInt8]) -> Secret {
        expandLabel(label, context: transcriptHash, count: hash.digestLength)
    }

    /// Derive-Secret(., "derived", ""): the salt of the next stage.
    package func derivedForNextStage() -> Secret {
        derive("derived", hash.digestOfNothing)
    }
}

/// The first stage: what a pre-shared key, or the lack of one, gives.
package struct EarlySecret: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    /// Without a pre-shared key: "if PSK is not in use, Hash.length bytes set to 0" (RFC 9846 §7.1).
    package init(_ hash: HashAlgorithm) {
        self.init(hash, preSharedKey: Secret(zeros: hash.digestLength))
    }

    package init(_ hash: HashAlgorithm, preSharedKey: borrowing Secret) {
        stage = ScheduleSecret(hash, salt: Secret(zeros: hash.digestLength), inputKeyingMaterial: preSharedKey)
    }

    package consuming func handshakeSecret(_ sharedSecret: borrowing Secret) -> HandshakeSecret {
        HandshakeSecret(
            stage: ScheduleSecret(
                stage.hash, salt: stage.derivedForNextStage(), inputKeyingMaterial: sharedSecret))
    }
}

/// The second stage: what the key agreement gives.
package struct HandshakeSecret: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    /// The stage without a pre-shared key before it: the Early Secret, and with it the salt, is then always the same.
    static func withoutPreSharedKey(_ hash: HashAlgorithm, _ sharedSecret: borrowing Secret) -> HandshakeSecret {
        let stage =
            switch hash {
            case .sha256: ScheduleSecret(salt: SaltWithoutPreSharedKey.sha256, inputKeyingMaterial: sharedSecret)
            case .sha384: ScheduleSecret(salt: SaltWithoutPreSharedKey.sha384, inputKeyingMaterial: sharedSecret)
            case .sha512: ScheduleSecret(salt: SaltWithoutPreSharedKey.sha512, inputKeyingMaterial: sharedSecret)
            }
        return HandshakeSecret(stage: stage)
    }

    package func clientTraffic(_ helloHash: [UInt8]) -> TrafficSecret {
        TrafficSecret(stage.hash, stage.derive("c hs traffic", helloHash))
    }

    package func serverTraffic(_ helloHash: [UInt8]) -> TrafficSecret {
        TrafficSecret(stage.hash, stage.derive("s hs traffic", helloHash))
    }

    package consuming func mainSecret() -> MainSecret {
        let hash = stage.hash
        return MainSecret(
            stage: ScheduleSecret(
                hash, salt: stage.derivedForNextStage(), inputKeyingMaterial: Secret(zeros: hash.digestLength)))
    }
}

/// The third stage: what protects application data, and what outlives the handshake.
package struct MainSecret: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    package func clientTraffic(_ serverFinishedHash: [UInt8]) -> TrafficSecret {
        TrafficSecret(stage.hash, stage.derive("c ap traffic", serverFinishedHash))
    }

    package func serverTraffic(_ serverFinishedHash: [UInt8]) -> TrafficSecret {
        TrafficSecret(stage.hash, stage.derive("s ap traffic", serverFinishedHash))
    }

    package func exporter(_ serverFinishedHash: [UInt8]) -> Secret {
        stage.derive("exp master", serverFinishedHash)
    }

    package func resumption(_ clientFinishedHash: [UInt8]) -> Secret {
        stage.derive("res master", clientFinishedHash)
    }
}

/// Derive-Secret(Early Secret, "derived", "") without a pre-shared key. It is no secret: everybody can compute it.
private enum SaltWithoutPreSharedKey {
    static let sha256 = make(.sha256)
    static let sha384 = make(.sha384)
    static let sha512 = make(.sha512)

    private static func make(_ hash: HashAlgorithm) -> HMACKey {
        EarlySecret(hash).stage.derivedForNextStage().withSpan { HMACKey(hash, key: $0) }
    }
}
