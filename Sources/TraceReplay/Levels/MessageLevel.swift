import GatehouseTLS

extension Trace {
    /// Decodes and encodes every message, and compares what is printed of it.
    func checkMessages(_ report: inout LevelReport) {
        for (index, message) in messages.enumerated() {
            let name = "message \(index + 1), \(message.sender)'s \(message.kind.rawValue)"
            do throws(TLSError) {
                report.compare(name, published: message.bytes, ours: try MessageCodec.reencode(message.bytes))
            } catch {
                report.fail("\(name): \(error)")
            }
            let isRetryRequest = message.kind == .helloRetryRequest
            let isKind = message.kind.type.rawValue == message.bytes.first
            if !isKind || isRetryRequest != (message.random == Message.retryRandom) {
                report.fail("\(name): is another message")
            }
        }
        for (value, sender, kind) in [
            (.clientRandom, .client, .clientHello), (.serverRandom, .server, .serverHello),
        ] as [(TraceValue, Sender, MessageKind)] {
            guard let published = values[value] else { continue }
            report.compare(value.rawValue, published: published, ours: message(sender, kind)?.random)
        }
    }
}
