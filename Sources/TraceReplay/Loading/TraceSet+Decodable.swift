import GatehouseCertificates
import GatehouseCrypto
import GatehouseTLS

// The layout of rfc8448.json. Whoever reads the file brings the decoder. A member without a meaning here is an error,
// for a value that nobody compares proves nothing.

extension TraceSet: Decodable {
    private enum Member: String, CodingKey {
        case rsaPrivateKey = "server_rsa_private_key_pem"
        case traces
    }

    /// Decodes the whole file.
    package init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Member.self)
        let text = try file.decode(String.self, forKey: .rsaPrivateKey)
        guard let key = try PEM.decode(Array(text.utf8)).first else {
            throw DecodingError.dataCorruptedError(
                forKey: .rsaPrivateKey, in: file, debugDescription: "no PEM block")
        }
        self.init(traces: try file.decode([Trace].self, forKey: .traces), rsaPrivateKey: key.der)
    }
}

extension Trace: Decodable {
    /// Any member: its name decides what it is.
    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) {
            self.stringValue = stringValue
        }

        init?(intValue _: Int) {
            nil
        }
    }

    package init(from decoder: any Decoder) throws {
        let trace = try decoder.container(keyedBy: Member.self)
        let secrets = try trace.nestedContainer(keyedBy: Member.self, forKey: Member(stringValue: "secrets"))
        var values = try Self.values(in: secrets, besides: [])
        let others: Set = ["name", "section", "cipher_suite", "group", "messages", "records", "secrets"]
        for (value, bytes) in try Self.values(in: trace, besides: others) {
            guard values.updateValue(bytes, forKey: value) == nil else {
                throw DecodingError.dataCorruptedError(
                    forKey: Member(stringValue: value.rawValue), in: trace, debugDescription: "stands twice")
            }
        }
        self.init(
            scenario: try Self.decode("name", in: trace) { Scenario(rawValue: $0) },
            origin: try trace.decode(String.self, forKey: Member(stringValue: "section")),
            cipherSuite: try Self.decode("cipher_suite", in: trace) { name in
                CipherSuite.supported.first { $0.description == name }
            },
            group: try Self.decode("group", in: trace) { name in
                NamedGroup.supported.first { $0.description == name }
            },
            values: values,
            messages: try trace.decode([Message].self, forKey: Member(stringValue: "messages")),
            records: try trace.decode([Record].self, forKey: Member(stringValue: "records")))
    }

    private static func decode<Result>(
        _ name: String, in container: KeyedDecodingContainer<Member>, _ convert: (String) -> Result?
    ) throws -> Result {
        let text = try container.decode(String.self, forKey: Member(stringValue: name))
        guard let result = convert(text) else {
            throw DecodingError.dataCorruptedError(
                forKey: Member(stringValue: name), in: container, debugDescription: "\"\(text)\" is not known")
        }
        return result
    }

    private static func values(
        in container: KeyedDecodingContainer<Member>, besides others: Set<String>
    ) throws -> [TraceValue: [UInt8]] {
        var values: [TraceValue: [UInt8]] = [:]
        for member in container.allKeys where !others.contains(member.stringValue) {
            guard let value = TraceValue(rawValue: member.stringValue) else {
                throw DecodingError.dataCorruptedError(
                    forKey: member, in: container, debugDescription: "no value of this name is known")
            }
            values[value] = try decode(member.stringValue, in: container) { Hexadecimal.decode($0) }
        }
        return values
    }
}

extension Trace.Message: Decodable {
    private enum Member: String, CodingKey {
        case sender
        case type
        case bytes
    }

    package init(from decoder: any Decoder) throws {
        let message = try decoder.container(keyedBy: Member.self)
        self.init(
            sender: try message.decode(Trace.Sender.self, forKey: .sender),
            kind: try message.decode(MessageKind.self, forKey: .type),
            bytes: try message.decode(HexadecimalBytes.self, forKey: .bytes).bytes)
    }
}

extension Trace.Record: Decodable {
    private enum Member: String, CodingKey {
        case sender
        case bytes
    }

    package init(from decoder: any Decoder) throws {
        let record = try decoder.container(keyedBy: Member.self)
        self.init(
            sender: try record.decode(Trace.Sender.self, forKey: .sender),
            bytes: try record.decode(HexadecimalBytes.self, forKey: .bytes).bytes, content: nil)
    }
}

/// Bytes that stand in a JSON string.
private struct HexadecimalBytes: Decodable {
    let bytes: [UInt8]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let bytes = Hexadecimal.decode(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not hexadecimal")
        }
        self.bytes = bytes
    }
}
