/// A step that derives one secret from another: which values its fields are.
struct TextDerivation {
    /// The label without "tls13 ".
    let label: String
    /// "PRK".
    let key: TraceValue
    /// "hash": a transcript hash, or a ticket's nonce.
    let context: TraceValue
    /// "expanded".
    let secret: TraceValue

    private init(_ label: String, _ key: TraceValue, _ context: TraceValue, _ secret: TraceValue) {
        self.label = label
        self.key = key
        self.context = context
        self.secret = secret
    }

    static let secrets: [String: TextDerivation] = [
        "derive secret for handshake \"tls13 derived\"": .init(
            "derived", .earlySecret, .emptyHash, .derivedForHandshake),
        "derive secret for master \"tls13 derived\"": .init("derived", .handshakeSecret, .emptyHash, .derivedForMain),
        "derive secret \"tls13 c e traffic\"": .init(
            "c e traffic", .earlySecret, .clientHelloHash, .clientEarlyTraffic),
        "derive secret \"tls13 e exp master\"": .init("e exp master", .earlySecret, .clientHelloHash, .earlyExporter),
        "derive secret \"tls13 c hs traffic\"": .init(
            "c hs traffic", .handshakeSecret, .helloHash, .clientHandshakeTraffic),
        "derive secret \"tls13 s hs traffic\"": .init(
            "s hs traffic", .handshakeSecret, .helloHash, .serverHandshakeTraffic),
        "derive secret \"tls13 c ap traffic\"": .init(
            "c ap traffic", .mainSecret, .serverFinishedHash, .clientApplicationTraffic),
        "derive secret \"tls13 s ap traffic\"": .init(
            "s ap traffic", .mainSecret, .serverFinishedHash, .serverApplicationTraffic),
        "derive secret \"tls13 exp master\"": .init("exp master", .mainSecret, .serverFinishedHash, .exporter),
        "derive secret \"tls13 res master\"": .init("res master", .mainSecret, .clientFinishedHash, .resumption),
        "generate resumption secret \"tls13 resumption\"": .init(
            "resumption", .resumption, .ticketNonce, .ticketPreSharedKey),
    ]

    /// The key and the IV that a traffic secret gives.
    struct TrafficKeys {
        let secret: TraceValue
        let key: TraceValue
        let iv: TraceValue
    }

    /// "derive write traffic keys for handshake data": what one side writes with, the other reads with.
    static func trafficKeys(_ step: TextLayout.Step) -> TrafficKeys? {
        let isWriting = step.title.hasPrefix("derive write traffic keys for ")
        guard isWriting || step.title.hasPrefix("derive read traffic keys for ") else { return nil }
        let isClients = (step.sender == .client) == isWriting
        switch (isClients, step.title.split(separator: " ").dropFirst(5).joined(separator: " ")) {
        case (true, "early application data"):
            return TrafficKeys(secret: .clientEarlyTraffic, key: .clientEarlyKey, iv: .clientEarlyIV)
        case (true, "handshake data"):
            return TrafficKeys(secret: .clientHandshakeTraffic, key: .clientHandshakeKey, iv: .clientHandshakeIV)
        case (false, "handshake data"):
            return TrafficKeys(secret: .serverHandshakeTraffic, key: .serverHandshakeKey, iv: .serverHandshakeIV)
        case (true, "application data"):
            return TrafficKeys(
                secret: .clientApplicationTraffic, key: .clientApplicationKey, iv: .clientApplicationIV)
        case (false, "application data"):
            return TrafficKeys(
                secret: .serverApplicationTraffic, key: .serverApplicationKey, iv: .serverApplicationIV)
        default: return nil
        }
    }
}

extension TextLayout.Step {
    /// The bytes of the fields, which must be just these.
    func values(of names: [String]) throws(TextError) -> [[UInt8]] {
        try require(fields.map(\.name) == names, "\"\(title)\" has other fields than \(names)")
        return fields.map(\.bytes)
    }

    func require(_ condition: Bool, _ reason: String) throws(TextError) {
        guard condition else { throw TextError(line, reason) }
    }

    /// "info" is the HkdfLabel (RFC 9846 §7.1) of what stands beside it.
    func requireInfo(
        _ info: [UInt8], _ label: String, context: [UInt8], expanded: [UInt8]
    ) throws(TextError) {
        let label = Array("tls13 \(label)".utf8)
        let hkdfLabel =
            [0, UInt8(truncatingIfNeeded: expanded.count), UInt8(truncatingIfNeeded: label.count)] + label
            + [UInt8(truncatingIfNeeded: context.count)] + context
        try require(info == hkdfLabel, "info is not the HkdfLabel of these values")
    }
}
