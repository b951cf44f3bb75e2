import GatehouseTLS

/// What a socket needs of the engine, in either role. `ServerConnection` and `ClientConnection` document the members.
protocol SecureChannel: ~Copyable, Sendable {
    var session: NegotiatedSession? { get }
    var now: Int64 { get set }
    /// How much early data may be sent now, in bytes.
    var earlyDataLimit: Int { get }
    mutating func writeEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func restartRecordSizing()
    mutating func updateKeys(requestingPeers: Bool, output: inout [UInt8]) throws(TLSError)
    mutating func requestClientCertificate(
        _ policy: ClientCertificatePolicy, output: inout [UInt8]
    ) throws(TLSError) -> [UInt8]
    mutating func exportKeyingMaterial(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8]
    mutating func exportEarlyKeyingMaterial(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8]
    mutating func close(output: inout [UInt8])
    mutating func abort(with alert: AlertDescription, output: inout [UInt8])
    mutating func takeKeyLog() -> [UInt8]
}

extension ServerConnection: SecureChannel {
    var earlyDataLimit: Int { .max }

    mutating func writeEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try answerEarlyData(plaintext, output: &output)
    }
}

extension ClientConnection: SecureChannel {
    mutating func writeEarly(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError) {
        try sendEarlyData(plaintext, output: &output)
    }

    /// A server has its certificate shown in the handshake, if at all.
    mutating func requestClientCertificate(
        _: ClientCertificatePolicy, output _: inout [UInt8]
    ) throws(TLSError) -> [UInt8] {
        throw .misuse(.cannotRequestCertificate)
    }
}
