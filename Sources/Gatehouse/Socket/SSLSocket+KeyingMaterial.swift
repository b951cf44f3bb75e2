import GatehouseTLS

extension SSLSocket {
    /// Keying material for the application (RFC 9846 §7.5): both ends of the connection get the same bytes, and nobody
    /// else.
    ///
    /// - Parameters:
    ///   - label: as registered, such as `EXPORTER-Channel-Binding`; 1 to 249 bytes.
    ///   - context: what to bind to it; may be empty.
    ///   - length: how many bytes, at most 255 times the length of the cipher suite's hash.
    /// - Throws: `SocketFailure` while the connection is not encrypted, or for a request outside these bounds.
    public func exportKeyingMaterial(
        label: String, context: [UInt8] = [], length: Int
    ) throws(SocketFailure) -> [UInt8] {
        do throws(TLSError) {
            if isEncrypted,
                let material = try channel?.exportKeyingMaterial(
                    label: label, context: context, count: length)
            {
                return material
            }
        } catch {
            throw SocketFailure(.operation, "\(error)")
        }
        throw .notEncrypted
    }

    /// Keying material that goes with early data (RFC 9846 §7.5): on a client from its hello until the server has
    /// answered, or until the early data ends; on a server from its acceptance to its end, as in the slots of
    /// ``earlyDataAvailable``. It is as replayable as early data is.
    ///
    /// - Parameters: as for ``exportKeyingMaterial(label:context:length:)``.
    /// - Throws: `SocketFailure` at any other time, or for a request outside these bounds.
    public func exportEarlyKeyingMaterial(
        label: String, context: [UInt8] = [], length: Int
    ) throws(SocketFailure) -> [UInt8] {
        do throws(TLSError) {
            if let material = try channel?.exportEarlyKeyingMaterial(label: label, context: context, count: length) {
                return material
            }
        } catch {
            throw SocketFailure(.operation, "\(error)")
        }
        throw SocketFailure(.operation, "there is no early data")
    }

    /// The `tls-exporter` channel binding (RFC 9266 §4), 32 bytes: an application protocol that proves its user with it
    /// cannot be relayed by somebody in the middle.
    ///
    /// - Throws: `SocketFailure` while the connection is not encrypted.
    public func channelBinding() throws(SocketFailure) -> [UInt8] {
        try exportKeyingMaterial(label: "EXPORTER-Channel-Binding", length: 32)
    }

    /// Changes the key that protects what we send (KeyUpdate, RFC 9846 §4.7.3): what is written from now on goes out
    /// under the new one. It happens by itself before a key has been used too often.
    ///
    /// - Parameter requestingPeers: whether the peer is asked to change its key too.
    /// - Throws: `SocketFailure` while the connection is not encrypted, and after our side was closed.
    public func updateKeys(requestingPeers: Bool = false) throws(SocketFailure) {
        guard isEncrypted, channel != nil else { throw .notEncrypted }
        // What was written before goes out under the old key.
        transmit()
        do throws(TLSError) {
            try channel?.updateKeys(requestingPeers: requestingPeers, output: &outbox)
        } catch {
            if case .misuse = error {} else { fail(error) }
            deliver()
            throw SocketFailure(.operation, "\(error)")
        }
        flush()
    }
}

extension SocketFailure {
    static let notEncrypted = SocketFailure(.operation, "the connection is not encrypted")
}
