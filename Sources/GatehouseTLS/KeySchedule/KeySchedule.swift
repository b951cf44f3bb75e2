package import GatehouseCrypto

// The key schedule of RFC 9846 §7.1, one type a stage: a secret cannot be asked for before its stage is reached.
//
//              0
//              |
//    PSK ->  HKDF-Extract = Early Secret
//              |
//              +-----> Derive-Secret(., "ext binder" | "res binder", "")
//              +-----> Derive-Secret(., "c e traffic", ClientHello)
//              +-----> Derive-Secret(., "e exp master", ClientHello)
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

    /// `finished_key`, with this secret as the base key (RFC 9846 §4.5.3).
    package func finishedKey() -> Secret {
        expandLabel("finished", context: [], count: hash.digestLength)
    }

    /// The HMAC under `finishedKey()`: what stands in Finished, and as a binder in a ClientHello.
    package func verifyData(_ transcriptHash: [UInt8]) -> [UInt8] {
        finishedKey().withSpan { HMACKey(hash, key: $0) }.authenticate(transcriptHash.span)
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

    /// The key of the binder for the pre-shared key that this stage was made with.
    package func binderKey(_ origin: PreSharedKeyOrigin) -> BinderKey {
        let empty = stage.hash.digestOfNothing
        let secret =
            switch origin {
            case .external: stage.derive("ext binder", empty)
            case .resumption: stage.derive("res binder", empty)
            case .imported: stage.derive("imp binder", empty)
            }
        return BinderKey(stage: ScheduleSecret(stage.hash, secret))
    }

    package func clientTraffic(_ clientHelloHash: [UInt8]) -> TrafficSecret {
        TrafficSecret(stage.hash, stage.derive("c e traffic", clientHelloHash))
    }

    package func exporter(_ clientHelloHash: [UInt8]) -> Secret {
        stage.derive("e exp master", clientHelloHash)
    }

    package consuming func handshakeSecret(_ sharedSecret: borrowing Secret) -> HandshakeSecret {
        HandshakeSecret(
            stage: ScheduleSecret(
                stage.hash, salt: stage.derivedForNextStage(), inputKeyingMaterial: sharedSecret))
    }
}

/// Where a pre-shared key comes from; one kind cannot be passed off as the other, as their binders differ.
package enum PreSharedKeyOrigin: Sendable {
    /// Both sides were given it.
    case external
    /// Both sides were given it, and imported it (RFC 9258).
    case imported
    /// It came out of an earlier handshake.
    case resumption
}

/// `binder_key`: proves that whoever offers a pre-shared key knows it (RFC 9846 §4.3.11.2).
package struct BinderKey: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    /// "The PskBinderEntry is computed in the same way as the Finished message (Section 4.5.3) but with the BaseKey
    /// being the binder_key": the transcript ends before the binders of the ClientHello.
    package func binder(_ truncatedHelloHash: [UInt8]) -> [UInt8] {
        stage.verifyData(truncatedHelloHash)
    }
}

/// The second stage: what the key agreement gives.
package struct HandshakeSecret: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    /// The stage after the Early Secret of `preSharedKey`, if one is in use.
    init(_ hash: HashAlgorithm, preSharedKey: SharedSecret?, _ sharedSecret: borrowing Secret) {
        if let preSharedKey {
            self = preSharedKey.earlySecret(hash).handshakeSecret(sharedSecret)
        } else {
            self = .withoutPreSharedKey(hash, sharedSecret)
        }
    }

    fileprivate init(stage: consuming ScheduleSecret) {
        self.stage = stage
    }

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

    package func resumption(_ clientFinishedHash: [UInt8]) -> ResumptionSecret {
        ResumptionSecret(stage: ScheduleSecret(stage.hash, stage.derive("res master", clientFinishedHash)))
    }
}

/// `resumption_secret`: the pre-shared keys of later connections come from it.
package struct ResumptionSecret: ~Copyable, Sendable {
    package let stage: ScheduleSecret

    /// The pre-shared key of the ticket with this nonce (RFC 9846 §4.7.1).
    package func preSharedKey(ticketNonce: [UInt8]) -> Secret {
        stage.expandLabel("resumption", context: ticketNonce, count: stage.hash.digestLength)
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
