public import GatehouseSystem

extension SSLSocket {
    /// Sets an option of the TCP connection. ``SocketOption/lowDelay`` is on from the start: records go out when they
    /// are written, as writes are gathered here already.
    ///
    /// ```swift
    /// try socket.setSocketOption(.keepAlive, to: 1)
    /// try socket.setSocketOption(.keepAliveIdle, to: 60)
    /// ```
    ///
    /// - Throws: `SocketFailure` without a connection, or when the system refuses the value.
    public func setSocketOption(_ option: SocketOption, to value: Int) throws(SocketFailure) {
        guard socket != nil else { throw SocketFailure(.operation, "there is no connection") }
        do {
            try socket?.set(option, to: value)
        } catch {
            throw SocketFailure(option: error)
        }
    }

    /// The value of an option of the TCP connection, as the system has it.
    ///
    /// - Throws: `SocketFailure` without a connection, or when the option means nothing for it.
    public func socketOption(_ option: SocketOption) throws(SocketFailure) -> Int {
        do throws(SystemError) {
            if let value = try socket?.value(of: option) { return value }
        } catch {
            throw SocketFailure(option: error)
        }
        throw SocketFailure(.operation, "there is no connection")
    }
}

extension SocketFailure {
    fileprivate init(option error: SystemError) {
        self.init(error.isInvalid ? .unsupportedSocketOperation : SocketError(error), error.description)
    }
}
