package import GatehouseCrypto

/// A secret that protects one direction of one epoch (RFC 9846 §7.3).
package struct TrafficSecret: ~Copyable, Sendable {
    private let schedule: ScheduleSecret

    package init(_ hash: HashAlgorithm, _ secret: consuming Secret) {
        schedule = ScheduleSecret(hash, secret)
    }

    /// Gives the secret's bytes to the key log and to tests.
    package func withSpan<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try schedule.secret.withSpan(body)
    }

    /// `[sender]_write_key` (RFC 9846 §7.3).
    package func writeKey(_ aead: AEADAlgorithm) -> Secret {
        schedule.expandLabel("key", context: [], count: aead.keyLength)
    }

    /// `[sender]_write_iv` (RFC 9846 §7.3).
    package func writeIV() -> Secret {
        schedule.expandLabel("iv", context: [], count: AEADAlgorithm.nonceLength)
    }

    /// The secret of the next epoch, after a KeyUpdate (RFC 9846 §7.2).
    package func next() -> TrafficSecret {
        let hash = schedule.hash
        return TrafficSecret(hash, schedule.expandLabel("traffic upd", context: [], count: hash.digestLength))
    }

    /// `finished_key` (RFC 9846 §4.5.3).
    package func finishedKey() -> Secret {
        schedule.finishedKey()
    }

    /// The verify data of a Finished message of this secret's sender.
    package func verifyData(_ transcriptHash: [UInt8]) -> [UInt8] {
        schedule.verifyData(transcriptHash)
    }

    package func sealer(_ aead: AEADAlgorithm) throws(TLSError) -> RecordSealer {
        do throws(CryptoError) {
            return try RecordSealer(aead, key: writeKey(aead), iv: writeIV())
        } catch {
            throw .crypto(error)
        }
    }

    package func opener(_ aead: AEADAlgorithm) throws(TLSError) -> RecordOpener {
        do throws(CryptoError) {
            return try RecordOpener(aead, key: writeKey(aead), iv: writeIV())
        } catch {
            throw .crypto(error)
        }
    }
}
