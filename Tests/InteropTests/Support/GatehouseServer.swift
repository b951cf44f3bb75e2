import Foundation
import TestSupport
import Testing

/// `gatehouse serve` on a port of the system's choice, with its signals as lines of JSON.
struct GatehouseServer {
    /// One line of `--events`.
    struct Event: Decodable {
        let event: String
        let port: Int?
        let peer: String?
        let error: String?
        let alert: String?
        let answer: String?
        let ending: String?
        let session: [String: String]?
    }

    let port: Int
    private let program: RunningTool

    init(_ kinds: [KeyKind], _ options: [String] = []) async throws {
        let files = try CertificateFiles.made()
        let credentials = kinds.flatMap { ["--certificate", files.certificate($0), "--key", files.key($0)] }
        program = try RunningTool(
            try Programs.gatehouse(),
            ["serve", "--port", "0", "--events", "--handshake-timeout", "3600"] + credentials + options)
        port = try await program.wait(for: "a port") { written in
            Self.events(in: written).first { $0.event == "listening" }?.port
        }
    }

    /// The host and port that clients connect to.
    var address: String { "localhost:\(port)" }

    /// The signals so far.
    var events: [Event] { Self.events(in: program.output) }

    /// Waits for so many signals that `isWanted` agrees to; returns the last of them.
    @discardableResult
    func wait(for what: String, count: Int = 1, _ isWanted: (Event) -> Bool) async throws -> Event {
        try await program.wait(for: what) { written in
            Self.events(in: written).filter(isWanted).dropFirst(count - 1).first
        }
    }

    /// Ends the server, which has nothing to complain about.
    func stop() async {
        #expect(await program.terminate() == 0)
        #expect(program.errors == "")
    }

    private static func events(in text: String) -> [Event] {
        text.split(separator: "\n").compactMap { line in
            try? JSONDecoder().decode(Event.self, from: Data(line.utf8))
        }
    }
}

/// The page of `--mode www`: what the server says was negotiated.
struct Page {
    private let values: [String: String]

    /// Finds the page behind the header of an answer, whatever stands before.
    init?(in text: String) {
        guard let start = text.range(of: "\r\n\r\nprotocol:") else { return nil }
        var values: [String: String] = [:]
        for line in text[start.upperBound...].split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[String(line[..<colon])] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// Whether the page tells of a full handshake with these values.
    func check(_ agreement: Agreement, _ kind: KeyKind, alpn: String = "http/1.1") {
        #expect(self["cipher suite"] == agreement.suite.rawValue, "\(agreement) \(kind)")
        #expect(self["group"] == agreement.group.rawValue, "\(agreement) \(kind)")
        #expect(self["signature scheme"] == kind.signatureScheme, "\(agreement) \(kind)")
        #expect(self["ALPN"] == alpn, "\(agreement) \(kind)")
        #expect(self["server name"] == "localhost", "\(agreement) \(kind)")
        #expect(self["resumed"] == "no", "\(agreement) \(kind)")
        #expect(self["round trips"] == "1", "\(agreement) \(kind)")
    }
}
