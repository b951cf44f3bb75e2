import GatehouseCrypto
import Testing

@testable import GatehouseTLS

/// What may become of one extension between the two ClientHellos around a HelloRetryRequest, and what the server says.
struct RetriedExtension: Sendable, CustomTestStringConvertible {
    enum Answer: Sendable {
        case accepted
        case refused(PeerMisbehaved, AlertDescription)

        static func changed(_ type: ExtensionType?) -> Answer { .refused(.helloChanged(type), .illegalParameter) }
        static func missing(_ type: ExtensionType) -> Answer { .refused(.missingExtension(type), .missingExtension) }
    }

    /// How an extension stands in a hello.
    enum Presence: Sendable {
        case absent
        case asItWas
        case body([UInt8])
    }

    let type: ExtensionType
    /// How the first hello has it; `nil`: every hello has it, so that it cannot be added.
    let body: [UInt8]?
    /// Another body, where there can be one.
    let other: [UInt8]?
    let kept: Answer
    let added: Answer
    let changed: Answer
    let lost: Answer

    var testDescription: String { "\(type)" }

    /// What RFC 9846 §4.2.2 does not name must be the same again.
    init(
        _ type: ExtensionType, _ body: [UInt8]?, _ other: [UInt8]? = nil, kept: Answer = .accepted,
        added: Answer? = nil, changed: Answer = .changed(nil), lost: Answer? = nil
    ) {
        self.type = type
        self.body = body
        self.other = other
        self.kept = kept
        self.added = added ?? .changed(type)
        self.changed = changed
        self.lost = lost ?? .missing(type)
    }

    private static let padding = ExtensionType(rawValue: 21)
    private static let binders: [UInt8] = [0, 33, 32] + [UInt8](repeating: 7, count: 32)

    /// Every extension that may stand in a first ClientHello, one that is not known, and padding.
    static let all: [RetriedExtension] = [
        RetriedExtension(.serverName, [0, 4, 0, 0, 1, 0x61], [0, 4, 0, 0, 1, 0x62]),
        RetriedExtension(.statusRequest, [1, 0, 0, 0, 0], [1, 0, 3, 0, 1, 7, 0, 0]),
        RetriedExtension(.supportedGroups, nil, [0, 4, 0, 0x1D, 0, 0x17]),
        RetriedExtension(.signatureAlgorithms, nil, [0, 2, 4, 3]),
        RetriedExtension(.applicationLayerProtocolNegotiation, [0, 3, 2, 0x68, 0x32], [0, 3, 2, 0x68, 0x33]),
        RetriedExtension(.signedCertificateTimestamp, []),
        RetriedExtension(.clientCertificateType, [2, 0, 2], [2, 2, 0]),
        RetriedExtension(.serverCertificateType, [2, 0, 2], [2, 2, 0]),
        RetriedExtension(.recordSizeLimit, [0x40, 1], [0x40, 0]),
        // A key that the server could not use may go; none may come, or take another's place.
        RetriedExtension(
            .preSharedKey, [0, 7, 0, 1, 1, 0, 0, 0, 0] + binders, [0, 7, 0, 1, 2, 0, 0, 0, 0] + binders,
            changed: .changed(.preSharedKey), lost: .accepted),
        RetriedExtension(.earlyData, [], kept: .changed(.earlyData), lost: .accepted),
        RetriedExtension(.supportedVersions, nil, [4, 3, 4, 3, 3]),
        RetriedExtension(.pskKeyExchangeModes, nil, [2, 1, 0]),
        RetriedExtension(.certificateAuthorities, [0, 4, 0, 2, 0x30, 0], [0, 4, 0, 2, 0x31, 0]),
        RetriedExtension(.postHandshakeAuth, []),
        RetriedExtension(.signatureAlgorithmsCert, [0, 2, 4, 3], [0, 2, 8, 7]),
        // The share that was asked for is there; that it is the only one is another test's.
        RetriedExtension(.keyShare, nil),
        RetriedExtension(.ticketRequest, [1, 1], [2, 2]),
        RetriedExtension(.unknown, [1], [2]),
        RetriedExtension(padding, [0], [0, 0], added: .accepted, changed: .accepted, lost: .accepted),
    ]
}

@Suite("HelloRetryRequest: every extension, kept, added, changed and lost")
struct HelloRetryExtensionTests {
    @Test("F-04 B-20 what each extension may become, with and without a cookie", arguments: RetriedExtension.all)
    func row(row: RetriedExtension) throws {
        let present = row.body.map(RetriedExtension.Presence.body) ?? .asItWas
        for stateless in [false, true] {
            try expect(row.kept, row.type, from: present, to: .asItWas, stateless: stateless)
            try expect(row.lost, row.type, from: present, to: .absent, stateless: stateless)
            if let body = row.body {
                try expect(row.added, row.type, from: .absent, to: .body(body), stateless: stateless)
            }
            if let other = row.other {
                try expect(row.changed, row.type, from: present, to: .body(other), stateless: stateless)
            }
        }
    }

    @Test("F-04 no extension of a ClientHello is forgotten above")
    func complete() {
        let known = (0...UInt16.max).map(ExtensionType.init).filter { $0.contexts?.contains(.clientHello) ?? false }
        // A first hello has no cookie; those of a second one have tests of their own.
        #expect(Set(known).subtracting(RetriedExtension.all.map(\.type)) == [.cookie])
    }

    private func expect(
        _ answer: RetriedExtension.Answer, _ type: ExtensionType, from first: RetriedExtension.Presence,
        to second: RetriedExtension.Presence, stateless: Bool
    ) throws {
        var configuration = try ServerStage.configuration()
        configuration.groups = [.x25519]
        if stateless { configuration.statelessRetry = StatelessRetry(keys: TicketKeys()) }
        let client = try ScriptedClient(offeringShare: false) { hello in
            hello.extensions.order.append(.pskKeyExchangeModes)
            hello.pskKeyExchangeModes = [.pskWithDHE]
            hello.set(type, first)
        }
        let server = Subject(ServerConnection(configuration, now: TestCredentials.now))
        try server.receive(try client.helloRecords())
        try client.receive(server.takeOutput())
        let cookie = try #require(client.retry).cookie
        #expect((cookie != nil) == stateless)
        let records = try client.secondHelloRecords(group: .x25519) { hello in
            if let cookie {
                hello.extensions.order.insert(.cookie, at: 0)
                hello.cookie = cookie
            }
            hello.set(type, second)
        }
        let what = Comment(rawValue: "from \(first) to \(second), stateless: \(stateless)")
        switch answer {
        case .refused(let reason, let alert):
            #expect(server.failure(receiving: records) == .peerMisbehaved(reason), what)
            try client.receive(server.takeOutput())
            #expect(client.heard.alerts == [[2, alert.rawValue]], what)
        case .accepted:
            try server.receive(records)
            try client.receive(server.takeOutput())
            try server.receive(try client.finishedRecord())
            #expect(server.isEstablished, what)
        }
    }
}

extension ClientHello {
    fileprivate mutating func set(_ type: ExtensionType, _ presence: RetriedExtension.Presence) {
        switch presence {
        case .asItWas: break
        case .absent: remove(type)
        case .body(let body):
            if !extensions.contains(type) { extensions.order.append(type) }
            extensions.unrecognized[type] = body
        }
    }
}
