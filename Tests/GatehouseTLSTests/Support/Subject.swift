import Testing

@testable import GatehouseTLS

/// What tests call on a connection of either role.
protocol TestedConnection: ~Copyable {
    var isEstablished: Bool { get }
    mutating func receive(
        _ buffer: inout MutableSpan<UInt8>, at position: inout Int, output: inout [UInt8]
    ) throws(TLSError) -> Event?
    mutating func resume(with decision: Decision, output: inout [UInt8]) throws(TLSError)
    mutating func send(_ plaintext: Span<UInt8>, output: inout [UInt8]) throws(TLSError)
    mutating func close(output: inout [UInt8])
}

extension ServerConnection: TestedConnection {}
extension ClientConnection: TestedConnection {}

/// A connection under test, with what it has not consumed yet, what it sent, and what it told.
final class Subject<Connection: TestedConnection & ~Copyable> {
    var connection: Connection
    var output: [UInt8]
    private(set) var pending: [UInt8] = []
    private(set) var events: [Event] = []
    private(set) var received: [UInt8] = []

    init(_ connection: consuming Connection, output: [UInt8] = []) {
        self.connection = connection
        self.output = output
    }

    var isEstablished: Bool { connection.isEstablished }

    /// Hands over `bytes` and takes all events.
    func receive(_ bytes: [UInt8]) throws(TLSError) {
        pending += bytes
        var position = 0
        defer { pending.removeFirst(position) }
        while true {
            var span = pending.mutableSpan
            guard let event = try connection.receive(&span, at: &position, output: &output) else { return }
            if case .applicationData(let range) = event { received += pending[range] }
            events.append(event)
        }
    }

    func send(_ bytes: [UInt8]) throws(TLSError) {
        try connection.send(bytes.span, output: &output)
    }

    func resume(with decision: Decision) throws(TLSError) {
        try connection.resume(with: decision, output: &output)
    }

    func close() {
        connection.close(output: &output)
    }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// The error that `bytes` end the connection with. Afterwards every call says the same and sends nothing.
    func failure(receiving bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> TLSError? {
        do throws(TLSError) {
            try receive(bytes)
            return nil
        } catch {
            checkStaysFailed(error, sourceLocation)
            return error
        }
    }

    private func checkStaysFailed(_ error: TLSError, _ sourceLocation: SourceLocation) {
        let count = output.count
        #expect(throws: error, sourceLocation: sourceLocation) { try self.receive([]) }
        #expect(throws: error, sourceLocation: sourceLocation) {
            try self.receive(ScriptedWriter.plaintext(.alert, [2, 40]))
        }
        #expect(throws: error, sourceLocation: sourceLocation) { try self.send([1]) }
        #expect(throws: error, sourceLocation: sourceLocation) { try self.resume(with: .accept) }
        close()
        #expect(output.count == count, "a failed connection goes on sending", sourceLocation: sourceLocation)
    }
}

extension Event {
    /// The case's name, or the alert's, to compare events by.
    var kind: String {
        if case .alertReceived(let alert) = self { return alert.description.description }
        return String("\(self)".prefix { $0 != "(" })
    }
}
