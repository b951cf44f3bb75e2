import GatehouseSystem

// MARK: - Reading

extension SSLSocket {
    /// How many decrypted bytes can be read. They stay readable after the connection's end.
    public var bytesAvailable: Int { inbox.count }

    /// Whether no decrypted bytes can be read now. More may come unless ``isReadChannelFinished``.
    public var atEnd: Bool { inbox.isEmpty }

    /// How many bytes of ciphertext wait to be decrypted: of a record that has not come whole, and in the kernel, where
    /// they stay while ``readBufferSize`` holds reading back.
    public var encryptedBytesAvailable: Int { tail.count + (socket?.bytesWaiting ?? 0) }

    /// Takes at most `maxSize` decrypted bytes; empty when there are none.
    public func read(_ maxSize: Int) -> [UInt8] {
        hasNews = false
        defer { resumeReading() }
        return inbox.take(atMost: maxSize)
    }

    /// Takes all decrypted bytes; empty when there are none.
    public func readAll() -> [UInt8] {
        read(.max)
    }

    /// Whether a whole line can be read.
    public var canReadLine: Bool { inbox.countThroughNewline() != nil }

    /// Takes a line with its newline, at most `maxSize` bytes of it. Without a newline it takes what is there:
    /// ``canReadLine`` tells before.
    public func readLine(_ maxSize: Int = .max) -> [UInt8] {
        read(min(maxSize, inbox.countThroughNewline() ?? .max))
    }

    /// A copy of at most `maxSize` decrypted bytes, which stay to be read.
    public func peek(_ maxSize: Int) -> [UInt8] {
        hasNews = false
        return inbox.peek(atMost: maxSize)
    }

    /// Drops at most `maxSize` decrypted bytes.
    ///
    /// - Returns: how many were there to drop.
    @discardableResult
    public func skip(_ maxSize: Int) -> Int {
        let count = min(max(maxSize, 0), inbox.count)
        hasNews = false
        inbox.drop(count)
        resumeReading()
        return count
    }

    /// Takes one decrypted byte; `nil` when there is none.
    public func getChar() -> UInt8? {
        read(1).first
    }

    /// Puts a byte before those that are still to be read.
    public func ungetChar(_ byte: UInt8) {
        inbox.prepend(byte)
    }

    func resumeReading() {
        updateInterest()
        deliver()
    }

    /// Decrypted bytes have come.
    func takeIn(_ bytes: ArraySlice<UInt8>) {
        inbox.append(bytes)
        uncommitted?.append(bytes)
        hasNews = true
        noticeReadable()
    }
}

// MARK: - Transactions

/// Reading that can be undone, for a message that may not have come whole:
///
/// ```swift
/// socket.startTransaction()
/// guard let message = Message(reading: socket) else { return socket.rollbackTransaction() }
/// socket.commitTransaction()
/// ```
extension SSLSocket {
    /// Whether a transaction has begun.
    public var isTransactionStarted: Bool { uncommitted != nil }

    /// From here on, reading can be undone. Without an end before, a second start has no effect. What the transaction
    /// has read still counts for ``readBufferSize``: a message that is larger never comes whole.
    public func startTransaction() {
        if uncommitted == nil { uncommitted = inbox }
    }

    /// What was read stays read.
    public func commitTransaction() {
        uncommitted = nil
        resumeReading()
    }

    /// Everything is as it was at the start of the transaction, and what has come since stands behind it.
    public func rollbackTransaction() {
        guard let undone = uncommitted else { return }
        inbox = undone
        uncommitted = nil
    }
}
