import GatehouseCrypto
import GatehouseTLS

/// The transcript hash before and after each message of a trace (RFC 9846 §4.1).
struct TranscriptHashes {
    private let messages: [Trace.Message]
    /// One more than there are messages: the first is that of nothing.
    private let hashes: [[UInt8]]

    init(_ messages: [Trace.Message], _ hash: HashAlgorithm) {
        // §4.1 lists what is hashed: nothing after the client's Finished.
        let ofHandshake = messages.filter { $0.kind != .newSessionTicket }
        self.messages = ofHandshake
        var hashes = [Hasher(hash).digest()]
        guard let first = ofHandshake.first else {
            self.hashes = hashes
            return
        }
        var transcript = Transcript(hash, startingWith: first.bytes)
        hashes.append(transcript.hash)
        for message in ofHandshake.dropFirst() {
            if message.kind == .helloRetryRequest { transcript = Transcript(hash, standingForFirst: first.bytes) }
            transcript.append(message.bytes)
            hashes.append(transcript.hash)
        }
        self.hashes = hashes
    }

    /// The hash of everything before the last message of this kind; `nil` when there is none.
    func before(_ sender: Trace.Sender, _ kind: MessageKind) -> [UInt8]? {
        index(sender, kind).map { hashes[$0] }
    }

    /// The hash up to the last message of this kind, which is included; `nil` when there is none.
    func through(_ sender: Trace.Sender, _ kind: MessageKind) -> [UInt8]? {
        index(sender, kind).map { hashes[$0 + 1] }
    }

    private func index(_ sender: Trace.Sender, _ kind: MessageKind) -> Int? {
        messages.lastIndex { $0.sender == sender && $0.kind == kind }
    }
}
