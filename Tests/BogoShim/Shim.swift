import GatehouseSystem
import GatehouseTLS

/// Runs one test: its connections one after the other.
enum Shim {
    static func run(_ arguments: Arguments) throws(ShimError) {
        let first = arguments.initial
        if first.asksForHandshaker {
            try say("No\n", to: .standardOutput)
            return
        }
        guard first.resumeCount == 0 else { throw .notImplemented("-resume-count") }
        try connect(first)
    }

    private static func connect(_ options: Options) throws(ShimError) {
        let now = SystemClock.unixTime
        // Before anything is sent: what is not implemented must not look like a failure.
        if options.isServer {
            let configuration = try options.serverConfiguration()
            let transport = try Transport.connect(options)
            let exchange = Exchange(ServerConnection(configuration, now: now), options, transport)
            try exchange.run()
        } else {
            let configuration = try options.clientConfiguration()
            var hello: [UInt8] = []
            let connection: ClientConnection
            do throws(ConnectionStartError) {
                connection = try ClientConnection(
                    configuration, serverName: options.hostName, now: now, output: &hello)
            } catch {
                throw .unexpected("the connection does not start: \(error)")
            }
            let transport = try Transport.connect(options)
            try transport.write(hello)
            let exchange = Exchange(connection, options, transport)
            try exchange.run()
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
