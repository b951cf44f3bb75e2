import GatehouseSystem
import GatehouseTLS

/// One connection: the handshake, what the test has written first, then an echo until the runner closes.
struct Exchange<Connection: TLSConnection & ~Copyable>: ~Copyable {
    private var connection: Connection
    private let transport: Transport
    private let situation: Situation
    private var options: Options
    private var decisions: Decisions
    /// What arrived and has not been taken.
    private var input: [UInt8] = []
    /// What arrived for the application.
    private var received: [UInt8] = []
    /// What is to be written first and has not been.
    private var firstWrites: [[UInt8]] = []
    /// What the first write still has to send, when the test wants it unfinished.
    private var unfinished: [UInt8] = []
    private var isEarlyDataRejected = false
    private var hasReceivedCloseNotify = false
    private var isAtEnd = false
    /// The last ticket that came.
    private var session: ClientSession?

    init(_ connection: consuming Connection, _ situation: Situation, _ transport: consuming Transport) {
        self.connection = connection
        self.transport = transport
        self.situation = situation
        options = situation.options
        decisions = Decisions(options: options)
    }

    /// - Parameter hello: what the connection has to say before it hears anything.
    /// - Returns: what the next connection, which resumes this one, needs to know of it.
    consuming func run(sendingFirst hello: [UInt8]) throws(ShimError) -> Predecessor {
        do throws(ShimError) {
            try transport.write(hello)
            setFirstWrites()
            // An exporter of early data is another one: the test wants this one to fail.
            if connection.earlyDataLimit > 0 { try export() }
            try sendEarlyData()
            try handshake()
            guard options.isServer || isEarlyDataRejected == situation.options.expectsRejectedEarlyData else {
                throw .unexpected("early data is rejected: \(isEarlyDataRejected)")
            }
            try Expectations(options: options, predecessor: situation.predecessor, decisions: decisions)
                .check(connection.session)
            try export()
            try exportTrafficSecrets()
            guard !options.sendsAlert else { throw ShimError.tls(try abort()) }
            for bytes in firstWrites {
                try writing(isFirst: true) { (connection, output) throws(TLSError) in
                    try connection.send(bytes.span, output: &output)
                }
            }
            if !options.shutsDown { try echo() }
            try checkTicket()
            try close()
        } catch {
            transport.finish()
            throw error
        }
        let outcome = Predecessor(
            session: session, applicationProtocol: connection.session?.applicationProtocol,
            allowsEarlyData: options.isServer ? options.offersEarlyData : (session?.maximumEarlyDataSize ?? 0) > 0)
        transport.finish()
        return outcome
    }

    private mutating func setFirstWrites() {
        let bytes = Array(options.initialWrite.utf8)
        let count = options.writesFirst ? options.initialWriteCount : options.leavesWriteUnfinished ? 1 : 0
        firstWrites = Array(repeating: bytes, count: count)
    }

    /// Sends as much as the server takes before it answers; the rest waits for the end of the handshake.
    private mutating func sendEarlyData() throws(ShimError) {
        if options.expectsNoOfferedEarlyData, connection.earlyDataLimit > 0 {
            throw .unexpected("early data is offered")
        }
        while let bytes = firstWrites.first, connection.earlyDataLimit > 0, hasReachedEarlyWrite {
            let (now, later) = (bytes.prefix(connection.earlyDataLimit), bytes.dropFirst(connection.earlyDataLimit))
            firstWrites.removeFirst()
            if !later.isEmpty { firstWrites.insert(Array(later), at: 0) }
            try writing(isFirst: true) { (connection, output) throws(TLSError) in
                try connection.sendEarlyData(Array(now).span, output: &output)
            }
        }
    }

    /// Whether the message has come that early data is to follow, as far as a connection tells.
    private var hasReachedEarlyWrite: Bool {
        switch options.earlyWriteMessage {
        case nil: true
        case EarlyWriteMessage.serverHello: connection.session != nil
        default: connection.session?.isEarlyDataAccepted ?? false
        }
    }

    private mutating func handshake() throws(ShimError) {
        while true {
            switch try nextEvent() {
            case .handshakeComplete: return
            case .earlyDataRejected: takeRejection()
            case .earlyData: try answerEarlyData()
            case nil: throw .unexpected("the stream ended in the handshake")
            default: continue
            }
        }
    }

    /// From the rejection on, the flags for the retry hold.
    private mutating func takeRejection() {
        isEarlyDataRejected = true
        options = situation.retry
        decisions.options = options
        setFirstWrites()
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
                // The runner may have closed already: what matters is why.
                try? send(output)
                throw .tls(error)
            }
            try send(output)
            switch event {
            case .applicationData(let range), .earlyData(let range): received += buffer[range]
            case .sessionTicket(let ticket): session = ticket
            default: break
            }
            buffer.removeFirst(position)
            swap(&buffer, &input)
            switch event {
            case .needs(let need): try decide(need)
            case let event?: return event
            case nil:
                try sendEarlyData()
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
    ///
    /// - Parameter isFirst: whether it is what the test has written first, and may want unfinished: after one byte it waits
    ///   until something else is sent.
    private mutating func writing(
        isFirst: Bool = false, _ body: (inout Connection, inout [UInt8]) throws(TLSError) -> Void
    ) throws(ShimError) {
        var output: [UInt8] = []
        do throws(TLSError) {
            try body(&connection, &output)
        } catch {
            try? send(output)
            throw .tls(error)
        }
        guard isFirst, options.leavesWriteUnfinished else { return try send(output) }
        try send(Array(output.prefix(1)))
        unfinished = Array(output.dropFirst())
    }

    private mutating func send(_ bytes: [UInt8]) throws(ShimError) {
        guard !bytes.isEmpty else { return }
        let rest = unfinished
        unfinished = []
        try transport.write(rest + bytes)
    }

    private mutating func write(_ bytes: [UInt8]) throws(ShimError) {
        try writing { (connection, output) throws(TLSError) in try connection.send(bytes.span, output: &output) }
    }

    private mutating func updateKeys() throws(ShimError) {
        try writing { (connection, output) throws(TLSError) in
            try connection.updateKeys(requestingPeers: false, output: &output)
        }
    }

    private mutating func export() throws(ShimError) {
        guard let count = options.exportedCount else { return }
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

    private mutating func exportTrafficSecrets() throws(ShimError) {
        guard options.exportsTrafficSecrets else { return }
        try write(TrafficSecrets(keyLog: connection.takeKeyLog(), isServer: options.isServer).encoded)
    }

    /// Ends the connection with an alert that no error of the engine's has.
    private mutating func abort() throws(ShimError) -> TLSError {
        var output: [UInt8] = []
        let decompressionFailure = AlertDescription(rawValue: 30)
        connection.abort(with: decompressionFailure, output: &output)
        try send(output)
        return .refused(decompressionFailure)
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

    /// The runner waits for the echo of early data before it goes on with the handshake.
    private mutating func answerEarlyData() throws(ShimError) {
        let echo = received.map { $0 ^ 0xFF }
        received = []
        try writing { (connection, output) throws(TLSError) in
            try connection.answerEarlyData(echo.span, output: &output)
        }
    }

    /// Empty at the end.
    private mutating func read(atMost count: Int) throws(ShimError) -> [UInt8] {
        if options.looksBeforeReading {
            let seen = try look(atMost: count)
            guard try look(atMost: seen.count) == seen else { throw .unexpected("other bytes at a second look") }
        }
        let part = try look(atMost: count)
        received.removeFirst(part.count)
        return part
    }

    /// What would be read: the connection leaves it in our buffer, where it stays until it is read.
    private mutating func look(atMost count: Int) throws(ShimError) -> [UInt8] {
        while received.isEmpty, !isAtEnd { try awaitMore() }
        return Array(received.prefix(count))
    }

    private mutating func awaitMore() throws(ShimError) {
        switch try nextEvent() {
        case .closeNotify: (isAtEnd, hasReceivedCloseNotify) = (true, true)
        case nil: isAtEnd = true
        default: break
        }
    }

    private func checkTicket() throws(ShimError) {
        guard !options.isServer else { return }
        let isExpected = !options.expectsNoSession && !options.shutsDown
        guard (session != nil) == isExpected else { throw .unexpected(isExpected ? "no ticket came" : "a ticket came") }
        guard let session else { return }
        guard (session.maximumEarlyDataSize > 0) == options.expectsTicketForEarlyData else {
            throw .unexpected("the ticket allows early data: \(!options.expectsTicketForEarlyData)")
        }
        guard !(session.isResumableAcrossNames ? options.expectsNotAcrossNames : options.expectsAcrossNames) else {
            throw .unexpected("the ticket is good for other names: \(session.isResumableAcrossNames)")
        }
    }

    private mutating func close() throws(ShimError) {
        var output: [UInt8] = []
        connection.close(output: &output)
        try send(output)
        guard options.checksCloseNotify else { return }
        while !isAtEnd { try awaitMore() }
        guard hasReceivedCloseNotify else { throw .unexpected("the stream ended without close_notify") }
        guard received.isEmpty else { throw .unexpected("application data after our close_notify") }
    }
}
