import GatehouseCertificates
import GatehouseCrypto
import TestSupport
import Testing
import TraceReplay

@Suite("Published traces")
struct TraceTests {
    /// How many values, messages and records a document publishes for each of its traces.
    struct Contents: Equatable {
        let scenario: Scenario
        let values: Int
        let messages: Int
        let records: Int
    }

    static let published: [(TraceDocument, [Contents])] = [
        (
            .rfc,
            [
                Contents(scenario: .simple1RTT, values: 33, messages: 8, records: 9),
                Contents(scenario: .resumed0RTT, values: 41, messages: 6, records: 10),
                Contents(scenario: .helloRetryRequest, values: 31, messages: 9, records: 8),
                Contents(scenario: .clientAuthentication, values: 31, messages: 10, records: 6),
                Contents(scenario: .compatibilityMode, values: 30, messages: 7, records: 8),
            ]
        ),
        (
            .draft,
            [
                Contents(scenario: .simple1RTT, values: 36, messages: 8, records: 9),
                Contents(scenario: .resumed0RTT, values: 45, messages: 6, records: 10),
                Contents(scenario: .helloRetryRequest, values: 34, messages: 9, records: 8),
                Contents(scenario: .clientAuthentication, values: 32, messages: 10, records: 6),
                Contents(scenario: .compatibilityMode, values: 32, messages: 7, records: 8),
            ]
        ),
    ]

    @Test("Every published trace, value, message and record is there", arguments: published)
    func isComplete(_ document: TraceDocument, _ expected: [Contents]) throws {
        let found = try document.set().traces.map {
            Contents(
                scenario: $0.scenario, values: $0.values.count, messages: $0.messages.count, records: $0.records.count)
        }
        #expect(found == expected)
        #expect(found.map(\.scenario) == Scenario.allCases)
    }

    /// How many comparisons a level makes, in the order of the document's traces.
    struct Comparisons {
        let document: TraceDocument
        let level: TraceLevel
        let counts: [Int]

        init(_ document: TraceDocument, _ level: TraceLevel, _ counts: [Int]) {
            self.document = document
            self.level = level
            self.counts = counts
        }
    }

    @Test(
        "Every comparison of every level comes out equal",
        arguments: [
            Comparisons(.rfc, .keySchedule, [33, 41, 34, 33, 32]),
            Comparisons(.rfc, .messages, [10, 8, 11, 12, 9]),
            Comparisons(.rfc, .records, [15, 16, 14, 12, 14]),
            Comparisons(.rfc, .server, [12, 14, 10, 9, 10]),
            Comparisons(.rfc, .client, [12, 15, 10, 9, 10]),
            Comparisons(.draft, .keySchedule, [38, 47, 39, 36, 36]),
            Comparisons(.draft, .messages, [8, 6, 9, 10, 7]),
            Comparisons(.draft, .records, [24, 26, 22, 18, 22]),
            Comparisons(.draft, .server, [12, 14, 10, 9, 10]),
            Comparisons(.draft, .client, [12, 15, 10, 9, 10]),
        ])
    func equal(_ comparisons: Comparisons) throws {
        let set = try comparisons.document.set()
        let reports = set.traces.map { set.run(comparisons.level, on: $0) }
        #expect(reports.flatMap(\.differences) == [])
        #expect(reports.map(\.compared) == comparisons.counts)
    }

    @Test("The draft's RSA numbers are those of the RFC's key, and the key is that of the certificate")
    func rsaKey() throws {
        let pkcs8 = try TraceDocument.rfc.set().rsaPrivateKey
        let pkcs1 = try TraceDocument.draft.set().rsaPrivateKey
        #expect(pkcs1.count > 600)
        let simple = try #require(try TraceDocument.rfc.set().traces.first)
        let message = try #require(simple.messages.first { $0.kind == .certificate })
        let certificate = try Certificate(der: message.certificate)
        #expect(pkcs8.suffix(pkcs1.count) == pkcs1[...])
        for der in [pkcs8, pkcs1] {
            let key = try PrivateKey(der: der)
            #expect(key.algorithm == .rsa(bits: 1024))
            #expect(try key.isPair(of: certificate.publicKey()))
        }
    }
}
