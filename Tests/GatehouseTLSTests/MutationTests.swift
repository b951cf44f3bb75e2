import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite("Flights changed at random: they end in the handshake or in an error, and with one alert")
struct MutationTests {
    /// One to four changes: bits, bytes, pieces taken out, doubled, or put in.
    static func mutate(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0...3, using: &random) {
            guard !bytes.isEmpty else { return bytes }
            let index = Int.random(in: bytes.indices, using: &random)
            let count = min(Int.random(in: 1...8, using: &random), bytes.count - index)
            switch Int.random(in: 0...6, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0...7, using: &random)
            case 1: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            case 2: bytes[index] = [0, 1, 0x7F, 0x80, 0xFF][Int.random(in: 0...4, using: &random)]
            case 3: bytes.removeSubrange(index..<index + count)
            case 4: bytes.insert(contentsOf: Array(bytes[index..<index + count]), at: index)
            case 5: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: index)
            default: bytes.removeSubrange(index...)
            }
        }
        return bytes
    }

    /// Half of the changed messages get the length that they have, so that what is inside is reached.
    static func mutateMessage(_ message: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        guard Bool.random(using: &random) else { return mutate(message, &random) }
        let body = mutate(Array(message.dropFirst(4)), &random)
        return message[0].with24BitLength(body)
    }

    /// Hands over `bytes`; a failure must be told to the peer with its alert.
    private func deliver<Connection: TestedConnection & ~Copyable>(
        _ bytes: [UInt8], to subject: Subject<Connection>, from peer: any ScriptedPeer
    ) throws -> TLSError? {
        let error = subject.failure(receiving: bytes)
        let output = subject.takeOutput()
        guard let error else { return nil }
        try peer.receive(output)
        let expected: [[UInt8]] = error.alert.map { [[2, $0.rawValue]] } ?? []
        #expect(peer.heard.alerts == expected, "\(error)")
        return error
    }

    @Test("The ClientHello")
    func clientHello() throws {
        var random = SeededGenerator(seed: 1)
        var failures = 0
        for _ in 0..<3000 {
            let (server, client) = try ServerStage.clientHello.start { $0.applicationProtocols = ["h2"] }
            client.hello.serverName = Array("localhost".utf8)
            client.hello.applicationProtocols = [Array("h2".utf8), Array("http/1.1".utf8)]
            client.hello.statusRequest = CertificateStatusRequest()
            client.hello.extensions.order += [.serverName, .applicationLayerProtocolNegotiation, .statusRequest]
            let message = Self.mutateMessage(client.hello.encoded(), &random)
            let records = ScriptedWriter.plaintext(.handshake, message)
            let error = server.failure(receiving: records)
            if let alert = error?.alert { #expect(server.output.suffix(2) == [2, alert.rawValue]) }
            if error != nil { failures += 1 }
        }
        #expect(failures > 1000)
    }

    @Test("The record of the ClientHello, header included")
    func clientHelloRecord() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<1000 {
            let (server, client) = try ServerStage.clientHello.start()
            let records = Self.mutate(try client.helloRecords(), &random)
            if let alert = server.failure(receiving: records)?.alert {
                #expect(!server.output.isEmpty, "\(alert) is not sent")
            }
        }
    }

    @Test("The ServerHello: the client may take other keys than the server, so that its alert cannot be opened")
    func serverHello() throws {
        var random = SeededGenerator(seed: 5)
        var failures = 0
        for _ in 0..<800 {
            let (client, server) = try ClientStage.serverHello.start()
            server.replace(.serverHello) { [.message(Self.mutateMessage($0, &random))] }
            guard let error = client.failure(receiving: try server.flight()) else { continue }
            #expect(error.alert == nil || !client.output.isEmpty)
            failures += 1
        }
        #expect(failures > 400)
    }

    @Test(
        "A message of the server's",
        arguments: [
            (HandshakeType.encryptedExtensions, 200), (.certificateRequest, 200),
            (.certificate, 600),
            (.certificateVerify, 200), (.finished, 100),
        ])
    func serverMessage(type: HandshakeType, count: Int) throws {
        var random = SeededGenerator(seed: UInt64(type.rawValue))
        var failures = 0
        for _ in 0..<count {
            let (client, server) = try ClientStage.serverHello.start { $0.applicationProtocols = ["h2"] }
            server.encryptedExtensions.extensions.order = [.serverName, .applicationLayerProtocolNegotiation]
            server.encryptedExtensions.applicationProtocols = [Array("h2".utf8)]
            if type == .certificateRequest {
                var request = CertificateRequest(context: [])
                request.extensions.order = [.signatureAlgorithms, .certificateAuthorities]
                request.signatureAlgorithms = [.ed25519, .ecdsaSecp256r1SHA256]
                request.certificateAuthorities = [[0x30, 0], [0x30, 1, 1]]
                server.certificateRequest = request
            }
            server.replace(type) { [.message(Self.mutateMessage($0, &random))] }
            let flight = try server.flight()
            if try deliver(flight, to: client, from: server) != nil { failures += 1 }
        }
        #expect(failures > count / 2)
    }

    @Test("The whole flight on the wire, in both directions")
    func wholeFlight() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<400 {
            let (client, server) = try ClientStage.serverHello.start()
            let flight = Self.mutate(try server.flight(), &random)
            if let error = client.failure(receiving: flight) { #expect(error.alert != nil || error.isAlertReceived) }

            let (otherServer, otherClient) = try ServerStage.clientFinished.start()
            let finished = Self.mutate(try otherClient.finishedRecord(), &random)
            _ = try deliver(finished, to: otherServer, from: otherClient)
        }
    }

    @Test("Messages after the handshake")
    func postHandshake() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<400 {
            let (client, server) = try ClientStage.connected.start()
            let ticket = Self.mutateMessage(TruncationTests.ticket, &random)
            _ = try deliver(try server.writer.handshake(ticket), to: client, from: server)
        }
    }
}

extension TLSError {
    fileprivate var isAlertReceived: Bool {
        if case .alertReceived = self { true } else { false }
    }
}
