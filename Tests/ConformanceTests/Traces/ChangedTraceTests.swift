import GatehouseTLS
import TestSupport
import Testing
import TraceReplay

/// One changed bit anywhere must be found: otherwise the levels would prove nothing.
@Suite("Changed traces")
struct ChangedTraceTests {
    @Test("A changed value fails its level", arguments: TraceDocument.allCases)
    func values(_ document: TraceDocument) throws {
        let set = try document.set()
        for trace in set.traces {
            for (value, bytes) in trace.values {
                var changed = trace
                changed.values[value] = bytes.changed
                let report = set.run(value.level, on: changed)
                #expect(!report.differences.isEmpty, "\(trace.origin): \(value.rawValue)")
            }
        }
    }

    @Test("A missing value fails its level", arguments: TraceDocument.allCases)
    func missingValues(_ document: TraceDocument) throws {
        let set = try document.set()
        for trace in set.traces {
            #expect(trace.scenario.requiredValues.count >= 27)
            for value in trace.scenario.requiredValues {
                var changed = trace
                changed.values[value] = nil
                let report = set.run(value.level, on: changed)
                #expect(!report.differences.isEmpty, "\(trace.origin): \(value.rawValue)")
            }
        }
    }

    @Test("A changed message fails: its hash, its records, and where its length is wrong, its decoding")
    func messages() throws {
        let set = try TraceDocument.rfc.set()
        for trace in set.traces {
            for (index, message) in trace.messages.enumerated() {
                var changed = trace
                changed.messages[index].bytes = message.bytes.changed
                #expect(!set.run(.records, on: changed).differences.isEmpty)
                // Nothing is derived from the rest of a ticket.
                if message.kind != .newSessionTicket {
                    #expect(!set.run(.keySchedule, on: changed).differences.isEmpty)
                }
                for bytes in [message.bytes.changed(at: 3), message.bytes + [0], message.bytes.dropLast()] {
                    changed.messages[index].bytes = bytes
                    #expect(!set.run(.messages, on: changed).differences.isEmpty)
                }
            }
        }
    }

    @Test("A message under another name fails")
    func renamedMessages() throws {
        let set = try TraceDocument.rfc.set()
        let kinds: [MessageKind] = [
            .clientHello, .serverHello, .helloRetryRequest, .encryptedExtensions, .certificateRequest, .certificate,
            .certificateVerify, .finished, .endOfEarlyData, .newSessionTicket,
        ]
        for trace in set.traces {
            for (index, message) in trace.messages.enumerated() {
                for kind in kinds where kind != message.kind {
                    var changed = trace
                    changed.messages[index] = Trace.Message(sender: message.sender, kind: kind, bytes: message.bytes)
                    #expect(!set.run(.messages, on: changed).differences.isEmpty, "\(message.kind) as \(kind)")
                }
            }
        }
    }

    @Test("A changed record fails: type, length, or any place of its body", arguments: TraceDocument.allCases)
    func records(_ document: TraceDocument) throws {
        let set = try document.set()
        for trace in set.traces {
            for (index, record) in trace.records.enumerated() {
                let (type, length, body) = (0, 4, 5)
                for place in [type, length, body, record.bytes.count / 2, record.bytes.count - 1] {
                    var changed = trace
                    changed.records[index].bytes = record.bytes.changed(at: place)
                    let report = set.run(.records, on: changed)
                    #expect(!report.differences.isEmpty, "\(trace.origin): byte \(place) of record \(index)")
                }
            }
        }
    }

    @Test("A missing record or message fails")
    func missingRecordsAndMessages() throws {
        let set = try TraceDocument.rfc.set()
        for trace in set.traces {
            for index in trace.records.indices where trace.records[index].bytes.first != 20 {
                var changed = trace
                changed.records.remove(at: index)
                #expect(!set.run(.records, on: changed).differences.isEmpty)
            }
            for index in trace.messages.indices {
                var changed = trace
                changed.messages.remove(at: index)
                #expect(!set.run(.records, on: changed).differences.isEmpty)
            }
        }
    }

    @Test("A connection with another private key or pre-shared key, or another secret than the published one, fails")
    func endpoints() throws {
        for document in TraceDocument.allCases {
            let set = try document.set()
            for trace in set.traces {
                var values: [(TraceValue, TraceLevel)] = [
                    (.serverPrivateKey, .server), (.exporter, .server),
                    (.clientPrivateKey, .client), (.exporter, .client),
                ]
                switch trace.scenario {
                case .simple1RTT: values.append((.ticketPreSharedKey, .client))
                case .resumed0RTT: values += [(.preSharedKey, .server), (.preSharedKey, .client)]
                case .helloRetryRequest: values.append((.clientFirstHelloPrivateKey, .client))
                default: break
                }
                for (value, level) in values {
                    var changed = trace
                    changed.values[value] = try #require(trace.values[value]).changed
                    #expect(!set.run(level, on: changed).differences.isEmpty, "\(trace.origin): \(value.rawValue)")
                }
            }
        }
    }

    @Test("A server with another key than its certificate's fails")
    func anotherCertificateKey() throws {
        let set = try TraceDocument.rfc.set()
        let other = TraceSet(traces: set.traces, rsaPrivateKey: set.rsaPrivateKey.changed(at: 60))
        #expect(!other.run(.server, on: try #require(set.traces.first)).differences.isEmpty)
    }

    @Test("A connection fails when a record of its own side is left out or doubled")
    func ownRecords() throws {
        let set = try TraceDocument.rfc.set()
        let trace = try #require(set.traces.last)
        #expect(trace.scenario == .compatibilityMode)
        for (sender, level) in [(.server, .server), (.client, .client)] as [(Trace.Sender, TraceLevel)] {
            // The change_cipher_spec: no other record and no message tells that it is there.
            let index = try #require(
                trace.records.firstIndex { $0.sender == sender && $0.bytes == [20, 3, 3, 0, 1, 1] })
            var changed = trace
            changed.records.remove(at: index)
            #expect(!set.run(level, on: changed).differences.isEmpty)
            changed.records.insert(contentsOf: [trace.records[index], trace.records[index]], at: index)
            #expect(!set.run(level, on: changed).differences.isEmpty)
        }
    }
}
