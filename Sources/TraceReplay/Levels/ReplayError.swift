/// Why a level cannot be run on a trace at all.
enum ReplayError: Error, CustomStringConvertible {
    case unknownCipherSuite
    case noMessage(String)
    case noValue(TraceValue)
    case sharedSecretsDiffer

    var description: String {
        switch self {
        case .unknownCipherSuite: "the cipher suite is not known here"
        case .noMessage(let name): "\(name): missing from the trace"
        case .noValue(let value): "\(value.rawValue): missing from the trace"
        case .sharedSecretsDiffer: "the two private keys do not lead to one shared secret"
        }
    }
}

extension Trace {
    /// A value that the level cannot do without.
    func published(_ value: TraceValue) throws(ReplayError) -> [UInt8] {
        guard let bytes = values[value] else { throw .noValue(value) }
        return bytes
    }

    /// A message that the level cannot do without.
    func published(_ sender: Sender, _ kind: MessageKind) throws(ReplayError) -> Message {
        guard let message = message(sender, kind) else { throw .noMessage("\(sender)'s \(kind.rawValue)") }
        return message
    }
}
