import Gatehouse
import Synchronization

/// `--key-update-every`: changes the sending key whenever so many bytes have gone out under it.
enum KeyUpdates {
    static let option = Option(
        "--key-update-every", "BYTES", help: "change the sending key after so many bytes, and ask the peer to do so too"
    )

    static func interval(_ options: OptionParser.Result) throws(UsageError) -> Int? {
        try options.number("--key-update-every", in: 1...1 << 40)
    }

    /// Watches a connection that has just been encrypted.
    static func watch(_ socket: isolated SSLSocket, every interval: Int) {
        let sent = Mutex(0)
        socket.bytesWritten.connect { socket, count in
            let isDue = sent.withLock { sent in
                sent += count
                guard sent >= interval else { return false }
                sent = 0
                return true
            }
            // On a connection that is closing there is nothing left to protect.
            if isDue { try? socket.updateKeys(requestingPeers: true) }
        }
    }
}
