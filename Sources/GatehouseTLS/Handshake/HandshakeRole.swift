/// The states of one role. A step consumes the state it starts from and returns the next one.
protocol HandshakeRole: ~Copyable, Sendable {
    static func failed(_ error: TLSError) -> Self
    consuming func handling(_ message: ReceivedMessage, _ core: inout ConnectionCore) throws(TLSError) -> Self
    /// - Parameter decision: the one that is due, and not a refusal.
    consuming func resuming(with decision: Decision, _ core: inout ConnectionCore) throws(TLSError) -> Self
    consuming func updatingKeys(requestingPeers: Bool, _ core: inout ConnectionCore) throws(TLSError) -> Self
    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8]
}

extension HandshakeRole where Self: ~Copyable {
    mutating func handle(_ message: ReceivedMessage, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            self = try handling(message, &core)
        } catch {
            self = .failed(error)
            throw error
        }
    }

    mutating func resume(with decision: Decision, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            self = try resuming(with: decision, &core)
        } catch {
            self = .failed(error)
            throw error
        }
    }

    mutating func updateKeys(requestingPeers: Bool, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            self = try updatingKeys(requestingPeers: requestingPeers, &core)
        } catch {
            self = .failed(error)
            throw error
        }
    }
}
