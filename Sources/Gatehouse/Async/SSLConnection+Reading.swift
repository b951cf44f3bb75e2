extension SSLConnection {
    /// What the peer sends, as chunks of whatever size they come in.
    ///
    /// ```swift
    /// for try await chunk in connection.inbound {
    ///     try await connection.write(chunk)
    /// }
    /// ```
    ///
    /// Nothing is buffered but what stands in the socket: when nobody takes it, reading from the network stops at
    /// ``SSLSocket/readBufferSize``. Sequences of one connection share what comes: each chunk goes to one of them.
    public var inbound: Inbound { Inbound(socket: socket) }

    /// What the peer sends, as lines of text without their ends, which are LF or CR LF. Behind the last line the end may
    /// be missing. What is not UTF-8 is replaced by U+FFFD.
    ///
    /// A line is taken from the connection when it is complete, and nothing behind it: after the lines of a header,
    /// ``inbound`` has what follows.
    ///
    /// ```swift
    /// for try await line in connection.lines() {
    ///     if line.isEmpty { break }
    ///     header.append(line)
    /// }
    /// ```
    ///
    /// - Parameter maximumLength: how many bytes a line may have, its end included; ``LineTooLong`` is thrown for a
    ///   longer one. ``SSLSocket/readBufferSize`` is a bound too.
    public func lines(maximumLength: Int = 1 << 16) -> Lines {
        Lines(socket: socket, maximumLength: maximumLength)
    }

    /// The chunks of a connection. It ends with the peer's `close_notify`; when the connection ends in another way it
    /// throws ``SocketFailure``, behind everything that came before.
    public struct Inbound: AsyncSequence, Sendable {
        let socket: SSLSocket

        /// An iterator, which belongs to one connection: it throws when the socket has been connected again.
        public func makeAsyncIterator() -> Iterator { Iterator(socket: socket) }

        /// Takes chunks from the connection.
        public struct Iterator: AsyncIteratorProtocol {
            let socket: SSLSocket
            /// The connection that it takes from, known from the first chunk on.
            private var connection: UInt64?

            init(socket: SSLSocket) {
                self.socket = socket
            }

            /// The next chunk, never empty; `nil` after the peer's `close_notify`.
            public mutating func next() async throws -> [UInt8]? {
                try await socket.nextChunk(of: &connection)
            }
        }
    }

    /// The lines of a connection. It ends as ``Inbound`` does: a stream that was cut off throws, and its last line is
    /// not delivered.
    public struct Lines: AsyncSequence, Sendable {
        let socket: SSLSocket
        let maximumLength: Int

        /// An iterator, which belongs to one connection: it throws when the socket has been connected again.
        public func makeAsyncIterator() -> Iterator { Iterator(socket: socket, maximumLength: maximumLength) }

        /// Takes lines from the connection.
        public struct Iterator: AsyncIteratorProtocol {
            let socket: SSLSocket
            let maximumLength: Int
            /// The connection that it takes from, known from the first line on.
            private var connection: UInt64?

            init(socket: SSLSocket, maximumLength: Int) {
                self.socket = socket
                self.maximumLength = maximumLength
            }

            /// The next line without its end; `nil` after the peer's `close_notify`.
            public mutating func next() async throws -> String? {
                guard var line = try await socket.nextLine(of: &connection, maximumLength: maximumLength)?[...] else {
                    return nil
                }
                if line.last == UInt8(ascii: "\n") { line.removeLast() }
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
        }
    }
}

/// The peer has sent more than a line may have, without its end. The bytes can still be read.
public struct LineTooLong: Error, Sendable, Hashable {
    /// How many bytes a line may have here, its end included.
    public let maximumLength: Int
}
