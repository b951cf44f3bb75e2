import GatehouseTLS

/// What both roles' connections have in common.
protocol TLSConnection: ~Copyable {
    var session: NegotiatedSession? { get }
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func close(output: inout [UInt8])
    mutating func updateKeys(requestingPeers: Bool, output: inout [UInt8]) throws(TLSError)
    func exportKeyingMaterial(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8]
}

extension ClientConnection: TLSConnection {}
extension ServerConnection: TLSConnection {}
