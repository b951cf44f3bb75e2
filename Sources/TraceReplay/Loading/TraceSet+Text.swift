import GatehouseCrypto
import GatehouseTLS

extension TraceSet {
    /// Reads a document in the layout of RFC 8448, `name` for short.
    ///
    /// - Throws: `TextError` when something stands in it that is not understood, or that contradicts itself.
    package init(_ document: TextLayout, name: String) throws(TextError) {
        var traces: [Trace] = []
        var privateKey: [UInt8] = []
        for section in document.sections {
            if section.title == "Private Keys" { privateKey = try Self.rsaPrivateKey(section.fields) }
            guard let scenario = Self.scenarios[section.title] else { continue }
            var builder = TextTraceBuilder()
            for step in section.steps { try builder.add(step) }
            traces.append(try builder.trace(scenario, "\(name) section \(section.number)"))
        }
        self.init(traces: traces, rsaPrivateKey: privateKey)
    }

    private static let scenarios: [String: Scenario] = [
        "Simple 1-RTT Handshake": .simple1RTT,
        "Resumed 0-RTT Handshake": .resumed0RTT,
        "HelloRetryRequest": .helloRetryRequest,
        "Client Authentication": .clientAuthentication,
        "Compatibility Mode": .compatibilityMode,
    ]

    /// RSAPrivateKey (RFC 8017 §A.1.2) in DER, from the numbers that are printed in its order.
    private static func rsaPrivateKey(_ fields: [TextLayout.Field]) throws(TextError) -> [UInt8] {
        let names = [
            "modulus (public)", "public exponent", "private exponent", "prime1", "prime2", "exponent1", "exponent2",
            "coefficient",
        ]
        guard fields.map(\.name) == names else {
            throw TextError(fields.first?.line ?? 0, "not the numbers of an RSA private key")
        }
        let (integer, sequence, version): (UInt8, UInt8, [UInt8]) = (0x02, 0x30, [0])
        let numbers = ([version] + fields.map(\.bytes)).flatMap { number in
            element(integer, ((number.first ?? 0) & 0x80 == 0 ? [] : [0]) + number)
        }
        return element(sequence, numbers)
    }

    private static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            switch content.count {
            case ..<0x80: [UInt8(content.count)]
            case ..<0x100: [0x81, UInt8(content.count)]
            default: [0x82, UInt8(content.count >> 8), UInt8(truncatingIfNeeded: content.count)]
            }
        return [tag] + length + content
    }
}

/// Puts a trace together from its steps. Much is printed several times: what is printed again must be the same.
private struct TextTraceBuilder {
    private var values: [TraceValue: [UInt8]] = [:]
    private var messages: [Trace.Message] = []
    private var records: [Trace.Record] = []
    private var group: NamedGroup?

    func trace(_ scenario: Scenario, _ origin: String) throws(TextError) -> Trace {
        // The suite is not printed but in the ServerHello.
        let hello = messages.first { $0.kind == .serverHello }
        guard let group, let suite = hello?.cipherSuite else {
            throw TextError(0, "\(origin): no key pair or no ServerHello")
        }
        return Trace(
            scenario: scenario, origin: origin, cipherSuite: suite, group: group, values: values,
            messages: messages, records: records)
    }

    mutating func add(_ step: TextLayout.Step) throws(TextError) {
        if step.title.contains("(same") {
            _ = try step.values(of: [])
        } else if let derivation = TextDerivation.secrets[step.title] {
            try add(derivation, step)
        } else if let keys = TextDerivation.trafficKeys(step) {
            try add(keys, step)
        } else {
            try addByTitle(step)
        }
    }

    private mutating func addByTitle(_ step: TextLayout.Step) throws(TextError) {
        switch step.title {
        case "create an ephemeral x25519 key pair": try addKeyPair(.x25519, step)
        case "create an ephemeral P-256 key pair": try addKeyPair(.secp256r1, step)
        case "extract secret \"early\"": try addEarlySecret(step)
        case "extract secret \"handshake\"":
            let fields = try step.values(of: ["salt", "IKM", "secret"])
            try set([.derivedForHandshake, .sharedSecret, .handshakeSecret], fields, step)
        case "extract secret \"master\"":
            let fields = try step.values(of: ["salt", "IKM", "secret"])
            try step.require(fields[1].allSatisfy { $0 == 0 }, "IKM is not zero")
            try set([.derivedForMain, .mainSecret], [fields[0], fields[2]], step)
        case "calculate finished \"tls13 finished\"": try addFinished(step)
        case "calculate PSK binder": try addBinder(step)
        case "send handshake record", "send change_cipher_spec record", "send application_data record",
            "send alert record":
            try addRecord(step)
        default: try addMessage(step)
        }
    }

    /// The last pair of the client's is that of the key agreement; one before it was for its first ClientHello.
    private mutating func addKeyPair(_ group: NamedGroup, _ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["private key", "public key"])
        self.group = group
        if step.sender == .server { return try set([.serverPrivateKey, .serverPublicKey], fields, step) }
        values[.clientFirstHelloPrivateKey] = values.removeValue(forKey: .clientPrivateKey)
        values[.clientFirstHelloPublicKey] = values.removeValue(forKey: .clientPublicKey)
        try set([.clientPrivateKey, .clientPublicKey], fields, step)
    }

    /// Without a pre-shared key, zeros stand in its place.
    private mutating func addEarlySecret(_ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["IKM", "secret"])
        if fields[0].contains(where: { $0 != 0 }) { try set([.preSharedKey], [fields[0]], step) }
        try set([.earlySecret], [fields[1]], step)
    }

    private mutating func add(_ derivation: TextDerivation, _ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["PRK", "hash", "info", "expanded"])
        try set([derivation.key, derivation.context, derivation.secret], [fields[0], fields[1], fields[3]], step)
        try step.requireInfo(fields[2], derivation.label, context: fields[1], expanded: fields[3])
    }

    private mutating func add(_ keys: TextDerivation.TrafficKeys, _ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["PRK", "key info", "key expanded", "iv info", "iv expanded"])
        try set([keys.secret, keys.key, keys.iv], [fields[0], fields[2], fields[4]], step)
        try step.requireInfo(fields[1], "key", context: [], expanded: fields[2])
        try step.requireInfo(fields[3], "iv", context: [], expanded: fields[4])
    }

    private mutating func addFinished(_ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["PRK", "hash", "info", "expanded", "finished"])
        let names: [TraceValue] =
            step.sender == .client
            ? [.clientHandshakeTraffic, .clientFinishedKey, .clientVerifyData]
            : [.serverHandshakeTraffic, .serverFinishedKey, .serverVerifyData]
        try set(names, [fields[0], fields[3], fields[4]], step)
        try step.requireInfo(fields[2], "finished", context: fields[1], expanded: fields[3])
    }

    private mutating func addBinder(_ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(
            of: ["ClientHello prefix", "binder hash", "PRK", "hash", "info", "expanded", "finished"])
        try step.require(fields[0] == messages.last?.bytes, "the prefix is not that of the ClientHello")
        try set(
            [.binderHash, .binderKey, .binderFinishedKey, .binder], [fields[1], fields[2], fields[5], fields[6]], step)
        try step.requireInfo(fields[4], "finished", context: fields[3], expanded: fields[5])
    }

    /// "construct a ClientHello handshake message". A HelloRetryRequest is printed as ServerHello, "so is labeled as
    /// ServerHello here".
    private mutating func addMessage(_ step: TextLayout.Step) throws(TextError) {
        guard let name = step.fields.first?.name, let kind = MessageKind(rawValue: name),
            step.title == "construct a \(name) handshake message"
        else { throw TextError(step.line, "\"\(step.title)\" is not known") }
        let bytes = try step.values(of: [name])[0]
        let message = Trace.Message(sender: step.sender, kind: kind, bytes: bytes)
        let isRetry = kind == .serverHello && message.random == Trace.Message.retryRandom
        messages.append(isRetry ? Trace.Message(sender: step.sender, kind: .helloRetryRequest, bytes: bytes) : message)
    }

    private mutating func addRecord(_ step: TextLayout.Step) throws(TextError) {
        let fields = try step.values(of: ["payload", "complete record"])
        records.append(Trace.Record(sender: step.sender, bytes: fields[1], content: fields[0]))
        if step.title == "send application_data record" {
            let isEarly = !messages.contains { $0.kind == .serverHello }
            let ofClient: TraceValue = isEarly ? .earlyApplicationData : .clientApplicationData
            try set([step.sender == .client ? ofClient : .serverApplicationData], [fields[0]], step)
        } else if let last = messages.last, last.kind == .clientHello, last.sender == step.sender,
            last.bytes.count < fields[0].count, fields[0].starts(with: last.bytes)
        {
            // The message was printed up to its binders, which were not computed yet; here they are.
            messages[messages.count - 1].bytes = fields[0]
        }
    }

    private mutating func set(
        _ names: [TraceValue], _ bytes: [[UInt8]], _ step: TextLayout.Step
    ) throws(TextError) {
        for (name, bytes) in zip(names, bytes) {
            try step.require(values[name] ?? bytes == bytes, "\(name.rawValue) was another one before")
            values[name] = bytes
        }
    }
}
