/// The messages that carry extensions, as RFC 9846 §4.3 abbreviates them.
struct ExtensionContext: OptionSet {
    let rawValue: UInt8

    static let clientHello = ExtensionContext(rawValue: 1 << 0)
    static let serverHello = ExtensionContext(rawValue: 1 << 1)
    static let helloRetryRequest = ExtensionContext(rawValue: 1 << 2)
    static let encryptedExtensions = ExtensionContext(rawValue: 1 << 3)
    static let certificateRequest = ExtensionContext(rawValue: 1 << 4)
    static let certificate = ExtensionContext(rawValue: 1 << 5)
    static let newSessionTicket = ExtensionContext(rawValue: 1 << 6)
}

extension ExtensionType {
    /// Where the extension may stand: the table of RFC 9846 §4.3. `nil` for one that is not known here.
    var contexts: ExtensionContext? {
        switch self {
        case .serverName: [.clientHello, .encryptedExtensions, .certificateRequest]
        case .statusRequest: [.clientHello, .certificateRequest, .certificate]
        case .supportedGroups: [.clientHello, .encryptedExtensions]
        case .signatureAlgorithms: [.clientHello, .certificateRequest]
        case .applicationLayerProtocolNegotiation: [.clientHello, .encryptedExtensions]
        case .signedCertificateTimestamp: [.clientHello, .certificateRequest, .certificate]
        case .clientCertificateType: [.clientHello, .encryptedExtensions]
        case .serverCertificateType: [.clientHello, .encryptedExtensions]
        case .recordSizeLimit: [.clientHello, .encryptedExtensions]
        case .preSharedKey: [.clientHello, .serverHello]
        case .earlyData: [.clientHello, .encryptedExtensions, .newSessionTicket]
        case .supportedVersions: [.clientHello, .serverHello, .helloRetryRequest]
        case .cookie: [.clientHello, .helloRetryRequest]
        case .pskKeyExchangeModes: [.clientHello]
        case .certificateAuthorities: [.clientHello, .certificateRequest]
        case .oidFilters: [.certificateRequest]
        case .postHandshakeAuth: [.clientHello]
        case .signatureAlgorithmsCert: [.clientHello, .certificateRequest]
        case .keyShare: [.clientHello, .serverHello, .helloRetryRequest]
        case .ticketRequest: [.clientHello, .encryptedExtensions]
        default: nil
        }
    }

    /// Whether its body is read in this message, and not only kept. Flags may stand in any message, but only a ticket has
    /// one that means something here.
    func isKnown(in context: ExtensionContext) -> Bool {
        self == .tlsFlags ? context == .newSessionTicket : contexts != nil
    }
}

/// The extensions of one message, in the order in which they stand, and those among them that are not known here.
struct ExtensionBlock: Sendable, Equatable {
    var order: [ExtensionType] = []
    var unrecognized = UnrecognizedExtensions()

    func contains(_ type: ExtensionType) -> Bool {
        order.contains(type)
    }
}

/// The bodies of extensions that are not known here. There are few of them, mostly none.
struct UnrecognizedExtensions: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        let type: ExtensionType
        let body: [UInt8]
    }

    private var entries: [Entry] = []

    var count: Int { entries.count }
    var types: [ExtensionType] { entries.map(\.type) }

    subscript(type: ExtensionType) -> [UInt8]? {
        get { entries.first { $0.type == type }?.body }
        set {
            entries.removeAll { $0.type == type }
            if let newValue { entries.append(Entry(type: type, body: newValue)) }
        }
    }
}

extension ByteReader {
    /// Reads a block of extensions, with the rules that hold for every block; `decode` reads the known ones.
    mutating func readExtensions(
        in context: ExtensionContext,
        _ decode: (ExtensionType, inout ByteReader) throws(TLSError) -> Void
    ) throws(TLSError) -> ExtensionBlock {
        var extensions = try readVector(.extensions)
        var block = ExtensionBlock()
        while !extensions.isAtEnd {
            let type = ExtensionType(rawValue: try extensions.readUInt16())
            var body = try extensions.readVector(.extensionData)
            // RFC 9846 §4.3: "If an implementation receives an extension which it recognizes and which is not specified for
            // the message in which it appears, it MUST abort the handshake with an "illegal_parameter" alert."
            guard type.contexts?.contains(context) ?? true else { throw .peerMisbehaved(.misplacedExtension(type)) }
            if type.isKnown(in: context) {
                try decode(type, &body)
                try body.finish()
            } else {
                // They are kept to compare two hellos by; of thousands of small ones the first will do, as each takes
                // more memory than it has bytes.
                if block.unrecognized.count < Limits.listEntries { block.unrecognized[type] = body.readRest() }
            }
            block.order.append(type)
        }
        // §4.3: "There MUST NOT be more than one extension of the same type in a given extension block."
        let sorted = block.order.sorted { $0.rawValue < $1.rawValue }
        for index in sorted.indices.dropFirst() where sorted[index] == sorted[index - 1] {
            throw .peerMisbehaved(.duplicateExtension(sorted[index]))
        }
        return block
    }
}

extension ByteWriter {
    /// Writes a block in its order; `encode` writes the bodies of the known extensions.
    mutating func writeExtensions(_ block: ExtensionBlock, _ encode: (ExtensionType, inout ByteWriter) -> Void) {
        writeVector(.extensions) { writer in
            for type in block.order {
                writer.write(type)
                writer.writeVector(.extensionData) { body in
                    if let unrecognized = block.unrecognized[type] {
                        body.write(unrecognized)
                    } else {
                        encode(type, &body)
                    }
                }
            }
        }
    }
}
