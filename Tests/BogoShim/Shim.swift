import GatehouseSystem
import GatehouseTLS

/// Runs one test: its connections one after the other, with what lives longer than one of them.
struct Shim {
    /// A server's tickets stay good from one connection to the next.
    private let ticketKeys = TicketKeys()
    private let replayGuard = InMemoryReplayGuard()
    /// The connection before.
    private var predecessor: Predecessor?
    /// The time, in seconds since 1970. It moves only when a test says so: ages of tickets are counted in whole seconds.
    private var now = SystemClock.unixTime

    static func run(_ arguments: Arguments) throws(ShimError) {
        guard !arguments.initial.asksForHandshaker else { return try say("No\n", to: .standardOutput) }
        var shim = Shim()
        for index in 0...max(arguments.initial.resumeCount, 0) {
            let options = index == 0 ? arguments.initial : arguments.resumption
            try shim.connect(options, retry: arguments.retry)
            shim.now += Int64(options.resumptionDelay)
        }
    }

    private mutating func connect(_ options: Options, retry: Options) throws(ShimError) {
        try options.checkEarlyData()
        let situation = Situation(options: options, retry: retry, predecessor: predecessor)
        if options.isServer {
            let configuration = try options.serverConfiguration(ticketKeys, replayGuard)
            let exchange = Exchange(
                ServerConnection(configuration, now: now), situation, try Transport.connect(options))
            predecessor = try exchange.run(sendingFirst: [])
        } else {
            let session = predecessor?.session
            guard predecessor == nil || session != nil else { throw .unexpected("no session to offer") }
            let configuration = try options.clientConfiguration()
            var hello: [UInt8] = []
            let connection: ClientConnection
            do throws(ConnectionStartError) {
                connection = try ClientConnection(
                    configuration, serverName: options.hostName, session: session, now: now, output: &hello)
            } catch {
                throw .unexpected("the connection does not start: \(error)")
            }
            let exchange = Exchange(connection, situation, try Transport.connect(options))
            predecessor = try exchange.run(sendingFirst: hello)
        }
    }

    /// On standard error, where the runner looks for what went wrong.
    static func report(_ error: ShimError) {
        // When standard error is closed, the exit code has to do.
        try? say("\(error)\n", to: .standardError)
    }

    private static func say(_ text: String, to output: borrowing FileDescriptor) throws(ShimError) {
        do throws(SystemError) {
            try output.write(Array(text.utf8))
        } catch {
            throw .transport(error)
        }
    }
}

/// Which of the three sets of flags holds for a connection, and when.
struct Situation {
    let options: Options
    /// What holds once early data was rejected.
    let retry: Options
    /// The connection that is resumed.
    let predecessor: Predecessor?
}

/// What a connection leaves to the one that resumes it.
struct Predecessor {
    /// A client's; a server keeps none.
    let session: ClientSession?
    let applicationProtocol: String?
    let allowsEarlyData: Bool
}
