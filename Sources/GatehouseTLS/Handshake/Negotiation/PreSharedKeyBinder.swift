import GatehouseCrypto

/// Says that both sides know the same pre-shared key. On a server only `PreSharedKeyBinder.verify` makes one; a client
/// gets it by the server's choice of a key that it offered, which Finished then proves.
struct PreSharedKeyAgreed: ~Copyable, Sendable {
    fileprivate init() {}

    /// The server chose a key that we offered, with a cipher suite that fits it.
    static func chosenByServer() -> PreSharedKeyAgreed {
        PreSharedKeyAgreed()
    }
}

/// The binder: the proof that who offers a pre-shared key knows it (RFC 9846 §4.3.11.2).
enum PreSharedKeyBinder {
    /// - Parameters:
    ///   - earlier: the messages before this ClientHello: those around a HelloRetryRequest, else none.
    ///   - truncatedHello: the ClientHello up to its binders.
    static func binder(
        _ key: SharedSecret, _ origin: PreSharedKeyOrigin, _ hash: HashAlgorithm, after earlier: Transcript?,
        _ truncatedHello: ArraySlice<UInt8>
    ) -> [UInt8] {
        var transcript = earlier ?? Transcript(hash)
        transcript.append(Array(truncatedHello))
        return key.earlySecret(hash).binderKey(origin).binder(transcript.hash)
    }

    /// RFC 9846 §4.3.11: "Prior to accepting PSK key establishment, the server MUST validate the corresponding binder
    /// value. If this value is not present or does not validate, the server MUST abort the handshake."
    static func verify(_ received: [UInt8], against expected: [UInt8]) throws(TLSError) -> PreSharedKeyAgreed {
        guard received.count == expected.count, constantTimeEquals(received.span, expected.span) else {
            throw .peerMisbehaved(.wrongBinder)
        }
        return PreSharedKeyAgreed()
    }
}
