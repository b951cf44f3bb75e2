import GatehouseCrypto

/// Lines in the SSLKEYLOGFILE format (RFC 9850), collected until the caller takes them.
struct KeyLog: Sendable {
    enum Label: String {
        case clientEarlyTraffic = "CLIENT_EARLY_TRAFFIC_SECRET"
        case earlyExporter = "EARLY_EXPORTER_SECRET"
        case clientHandshakeTraffic = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
        case serverHandshakeTraffic = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
        case clientTraffic = "CLIENT_TRAFFIC_SECRET_0"
        case serverTraffic = "SERVER_TRAFFIC_SECRET_0"
        case exporter = "EXPORTER_SECRET"
    }

    let isEnabled: Bool
    private(set) var lines: [UInt8] = []

    init(isEnabled: Bool) {
        self.isEnabled = isEnabled
    }

    mutating func add(_ label: Label, _ clientRandom: [UInt8], _ secret: borrowing TrafficSecret) {
        guard isEnabled else { return }
        secret.withSpan { self.add(label, clientRandom, $0) }
    }

    mutating func add(_ label: Label, _ clientRandom: [UInt8], _ secret: borrowing Secret) {
        guard isEnabled else { return }
        secret.withSpan { self.add(label, clientRandom, $0) }
    }

    private mutating func add(_ label: Label, _ clientRandom: [UInt8], _ secret: Span<UInt8>) {
        lines += Array(label.rawValue.utf8)
        lines.append(UInt8(ascii: " "))
        appendHexadecimal(clientRandom.span)
        lines.append(UInt8(ascii: " "))
        appendHexadecimal(secret)
        lines.append(UInt8(ascii: "\n"))
    }

    private mutating func appendHexadecimal(_ bytes: Span<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        for index in bytes.indices {
            lines.append(digits[Int(bytes[index] >> 4)])
            lines.append(digits[Int(bytes[index] & 15)])
        }
    }

    mutating func take() -> [UInt8] {
        defer { lines = [] }
        return lines
    }
}
