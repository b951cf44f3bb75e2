import Gatehouse
import GatehouseSystem
import GatehouseTLS
import Synchronization
import Testing

/// Several requests for a certificate that are out at once, each with an answer of its own.
@Suite("F-07 several requests after the handshake", .timeLimit(.minutes(4))) struct SeveralRequestsTests {
    /// What a socket has heard: each answer with its request.
    private final class Answers: Sendable {
        private let heard = Mutex<[(answer: CertificateRequestAnswer, context: [UInt8])]>([])

        init(of socket: SSLSocket) {
            socket.certificateRequestAnswered.connect { [self] _, answer, context in
                heard.withLock { $0.append((answer, context)) }
            }
        }

        var answers: [CertificateRequestAnswer] { heard.withLock { $0.map(\.answer) } }
        var contexts: [[UInt8]] { heard.withLock { $0.map(\.context) } }
    }

    /// A client that shows these credentials, one for each request, `nil` for none.
    private static func meeting(
        _ mode: PeerVerifyMode, showing credentials: [Credential?]
    ) async throws -> Meeting {
        let meeting = try await Meeting(mode, nil, client: { $0.asksForCredential = true })
        let left = Mutex(credentials[...])
        meeting.client.credentialRequired.connect { _, request in
            if let credential = left.withLock({ $0.popFirst() }) ?? nil { request.use(credential) }
        }
        return meeting
    }

    @Test("F-07, B-16 each is answered on its own, with the context of its request, on both sides")
    func three() async throws {
        let meeting = try await Self.meeting(.auto, showing: [ClientIdentity.good, nil, ClientIdentity.chained])
        let (answers, clientAnswers) = (Answers(of: meeting.socket), Answers(of: meeting.client))
        let contexts = try await meeting.socket.run { socket throws(SocketFailure) in
            try (0..<3).map { _ throws(SocketFailure) in try socket.requestClientCertificate(timeout: nil) }
        }
        #expect(Set(contexts).count == 3)
        #expect(contexts.allSatisfy { $0.count == 32 })
        try await eventually { await !meeting.socket.isAwaitingCertificate }
        #expect(answers.answers == [.shown, .declined, .shown])
        #expect(answers.contexts == contexts)
        try await eventually { clientAnswers.answers.count == 3 }
        #expect(clientAnswers.answers == [.shown, .declined, .shown])
        #expect(clientAnswers.contexts == contexts)
        #expect(await meeting.socket.peerCertificateChain == ClientIdentity.chained.chain)
        #expect(await meeting.socket.isPeerVerified)
        try await meeting.exchange()
        await meeting.end()
    }

    @Test("F-07 a ninth is refused, and the connection goes on with the eight")
    func nine() async throws {
        let meeting = try await Meeting(.verify, ClientIdentity.good)
        let answers = Answers(of: meeting.socket)
        let failure = try await meeting.socket.run { socket in
            for _ in 1...8 { try socket.requestClientCertificate(timeout: nil) }
            return #expect(throws: SocketFailure.self) { try socket.requestClientCertificate(timeout: nil) }
        }
        #expect(failure?.error == .operation)
        #expect(failure?.reason.contains("as many requests as may be out") == true)
        try await eventually { await !meeting.socket.isAwaitingCertificate }
        #expect(answers.answers == [CertificateRequestAnswer](repeating: .shown, count: 8))
        #expect(Set(answers.contexts).count == 8)
        try await meeting.exchange()
        try await meeting.ask()
        await meeting.end()
    }

    @Test("F-07, IG-1 what is ignored is ignored for one answer")
    func ignoring() async throws {
        let meeting = try await Meeting(.verify, ClientIdentity.selfSigned)
        let answers = Answers(of: meeting.socket)
        let contexts = try await meeting.socket.run { socket throws(SocketFailure) in
            let first = try socket.requestClientCertificate(timeout: nil)
            socket.ignoreSSLErrors()
            return [first, try socket.requestClientCertificate(timeout: nil)]
        }
        let (told, clientTold) = try await meeting.refusal()
        #expect(answers.answers == [.shown])
        #expect(answers.contexts == [contexts[0]])
        #expect(told.contains("alertSent fatal unknown_ca"))
        #expect(clientTold == ["alertReceived fatal unknown_ca", "error sslInternal"])
        #expect(await !meeting.socket.isAwaitingCertificate)
        await meeting.end()
    }

    @Test("F-07 while one answer is judged another request goes out, and each decision is for its own answer")
    func whileJudging() async throws {
        let meeting = try await Meeting(.verify, ClientIdentity.selfSigned)
        let answers = Answers(of: meeting.socket)
        let decisions = Mutex<[SSLErrorsDecision]>([])
        meeting.socket.sslErrors.connect { _, decision in decisions.withLock { $0.append(decision) } }
        let first = try await meeting.socket.requestClientCertificate(timeout: nil)
        try await eventually { decisions.withLock { $0.count } == 1 }
        let second = try await meeting.socket.requestClientCertificate(timeout: nil)
        for count in 1...2 {
            try await eventually { decisions.withLock { $0.count } == count }
            // An old decision decides nothing any more.
            for decision in decisions.withLock({ $0 }) { decision.ignore() }
            try await eventually { answers.answers.count == count }
        }
        #expect(answers.contexts == [first, second])
        #expect(answers.answers == [.shown, .shown])
        #expect(await !meeting.socket.isPeerVerified)
        try await meeting.exchange()
        await meeting.end()
    }

    @Test("F-07 each has a deadline of its own")
    func deadlines() async throws {
        let meeting = try await Meeting(.verify, nil, client: { $0.asksForCredential = true })
        let kept = KeptRequests()
        meeting.client.credentialRequired.connect { _, request in kept.keep(request) }
        try await meeting.socket.run { socket throws(SocketFailure) in
            try socket.requestClientCertificate(timeout: nil)
            try socket.requestClientCertificate(timeout: .milliseconds(50))
        }
        try await eventually { meeting.recorder.all.last?.hasPrefix("disconnected") == true }
        #expect(
            meeting.recorder.all.filter { $0.hasPrefix("alert") || $0.hasPrefix("error") }
                == ["alertSent fatal certificate_required", "error socketTimeout"])
        #expect(await !meeting.socket.isAwaitingCertificate)
        await meeting.end()
    }

    @Test("F-22, F-07 tasks that ask at once get an answer each")
    func tasks() async throws {
        let meeting = try await Self.meeting(.auto, showing: [ClientIdentity.good, nil, ClientIdentity.good])
        let connection = SSLConnection(meeting.socket)
        let answers = try await withThrowingTaskGroup { group in
            for _ in 0..<3 { group.addTask { try await connection.requestClientCertificate(timeout: nil) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0 == .shown } == 2)
        #expect(answers.count { $0 == .declined } == 1)
        try await meeting.exchange()
        await meeting.end()
    }
}
