import GatehouseSystem
import GatehouseTLS

/// One connection: the handshake, what the test has written first, then an echo until the runner closes.
struct Exchange<Connection: TLSConnection & ~Copyable>: ~Copyable {
    private var connection: Connection
    private let transport: Transport
    private let options: Options
    private var decisions: Decisions
    /// What arrived and has not been taken.
    private var input: [UInt8] = []
    /// What arrived for the application.
    private var received: [UInt8] = []
    private var hasReceivedCloseNotify = false
    private var isAtEnd = false

    init(_ connection: consuming Connection, _ options: Options, _ transport: consuming Transport) {
        self.connection = connection
        self.transport = transport
        self.options = options
        decisions = Decisions(options: options)
    }

    consuming func run() throws(ShimError) {
        do throws(ShimError) {
            try handshake()
            try Expectations(options: options, decisions: decisions).check(connection.session)
            try writeFirst()
            if !options.shutsDown { try echo() }
            try close()
        } catch {
            transport.finish()
            throw error
        }
        transport.finish()
    }

    private mutating func handshake() throws(ShimError) {
        while true {
            switch try nextEvent() {
            case .handshakeComplete: return
            case nil: throw .unexpected("the stream ended in the handshake")
            default: continue
            }
        }
    }

    /// The next event that is not a decision; `nil` at the end of the stream. What is to be sent goes out first, also
    /// when the connection fails.
    private mutating func nextEvent() throws(ShimError) -> Event? {
        while true {
            var output: [UInt8] = []
            var position = 0
            let event: Event?
            var buffer: [UInt8] = []
            swap(&buffer, &input)
            do throws(TLSError) {
                var span = buffer.mutableSpan
                event = try connection.receive(&span, at: &position, output: &output)
            } catch {
                try transport.write(output)
                throw .tls(error)
            }
            try transport.write(output)
            if case .applicationData(let range) = event { received += buffer[range] }
            buffer.removeFirst(position)
            swap(&buffer, &input)
            switch event {
            case .needs(let need): try decide(need)
            case let event?: return event
            case nil:
                // One byte at a time: no part of a record or message may depend on how it arrives.
                guard try transport.read(atMost: options.isAsynchronous ? 1 : 1 << 14, into: &input) else {
                    return nil
                }
            }
        }
    }

    private mutating func decide(_ need: Need) throws(ShimError) {
        let decision = try decisions.decide(need)
        try writing { (connection, output) throws(TLSError) in try connection.resume(with: decision, output: &output) }
    }

    /// Sends what `body` writes, also when it fails.
    private mutating func writing(
        _ body: (inout Connection, inout [UInt8]) throws(TLSError) -> Void
    ) throws(ShimError) {
        var output: [UInt8] = []
        do throws(TLSError) {
            try body(&connection, &output)
        } catch {
            try transport.write(output)
            throw .tls(error)
        }
        try transport.write(output)
    }

    private mutating func write(_ bytes: [UInt8]) throws(ShimError) {
        try writing { (connection, output) throws(TLSError) in try connection.send(bytes.span, output: &output) }
    }

    private mutating func updateKeys() throws(ShimError) {
        try writing { (connection, output) throws(TLSError) in
            try connection.updateKeys(requestingPeers: false, output: &output)
        }
    }

    private mutating func writeFirst() throws(ShimError) {
        if let count = options.exportedCount {
            // RFC 9846 §7.5: "If no context is provided, the context_value is zero length."
            let context = options.usesExportContext ? Array(options.exportContext.utf8) : []
            let material: [UInt8]
            do throws(TLSError) {
                material = try connection.exportKeyingMaterial(
                    label: options.exportLabel, context: context, count: count)
            } catch {
                throw .tls(error)
            }
            try write(material)
        }
        if options.writesFirst {
            for _ in 0..<options.initialWriteCount { try write(Array(options.initialWrite.utf8)) }
        }
    }

    /// Reads, inverts every byte and writes back, until the runner closes.
    private mutating func echo() throws(ShimError) {
        while true {
            if options.updatesKeysBeforeReading { try updateKeys() }
            let part = try read(atMost: options.readSize ?? 512)
            guard !part.isEmpty else { return }
            if options.updatesKeys { try updateKeys() }
            try write(part.map { $0 ^ 0xFF })
        }
    }

    /// Empty at the end.
    private mutating func read(atMost count: Int) throws(ShimError) -> [UInt8] {
        while received.isEmpty, !isAtEnd { try awaitMore() }
        defer { received.removeFirst(min(count, received.count)) }
        return Array(received.prefix(count))
    }

    private mutating func awaitMore() throws(ShimError) {
        switch try nextEvent() {
        case .closeNotify: (isAtEnd, hasReceivedCloseNotify) = (true, true)
        case nil: isAtEnd = true
        default: break
        }
    }

    private mutating func close() throws(ShimError) {
        var output: [UInt8] = []
        connection.close(output: &output)
        try transport.write(output)
        guard options.checksCloseNotify else { return }
        while !isAtEnd { try awaitMore() }
        guard hasReceivedCloseNotify else { throw .unexpected("the stream ended without close_notify") }
        guard received.isEmpty else { throw .unexpected("application data after our close_notify") }
    }
}
