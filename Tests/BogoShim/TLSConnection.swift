import GatehouseTLS

/// What both roles' connections have in common.
protocol TLSConnection: ~Copyable {
    var session: NegotiatedSession? { get }
    /// How much early data may be sent now, in bytes.
    var earlyDataLimit: Int { get }
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func sendEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    /// Seals the answer to early data, before the handshake is complete.
    mutating func answerEarlyData(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func close(output: inout [UInt8])
    mutating func abort(with alert: AlertDescription, output: inout [UInt8])
    mutating func takeKeyLog() -> [UInt8]
    mutating func updateKeys(requestingPeers: Bool, output: inout [UInt8]) throws(TLSError)
    func exportKeyingMaterial(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8]
}

extension ClientConnection: TLSConnection {
    /// Only servers get early data.
    mutating func answerEarlyData(_: Span<UInt8>, output _: inout [UInt8]) throws(TLSError) {
        throw .misuse(.noEarlyData)
    }
}

extension ServerConnection: TLSConnection {
    var earlyDataLimit: Int { 0 }

    /// Only clients have early data to send.
    mutating func sendEarlyData(_: Span<UInt8>, output _: inout [UInt8]) throws(TLSError) {
        throw .misuse(.noEarlyData)
    }
}
