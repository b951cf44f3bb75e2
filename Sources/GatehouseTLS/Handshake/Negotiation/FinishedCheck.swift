import GatehouseCrypto

/// Says that the peer knows the handshake's secrets and saw the same messages; only `Finished.verify` makes one.
struct FinishedVerified: ~Copyable, Sendable {
    fileprivate init() {}
}

extension Finished {
    /// RFC 9846 §4.5.3: "Recipients of Finished messages MUST verify that the contents are correct and if incorrect
    /// MUST terminate the connection with a "decrypt_error" alert."
    func verify(_ secret: borrowing TrafficSecret, _ transcriptHash: [UInt8]) throws(TLSError) -> FinishedVerified {
        let expected = secret.verifyData(transcriptHash)
        guard constantTimeEquals(verifyData.span, expected.span) else { throw .peerMisbehaved(.wrongFinished) }
        return FinishedVerified()
    }
}
