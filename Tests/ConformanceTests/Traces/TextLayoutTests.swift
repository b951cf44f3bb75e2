import Foundation
import TestSupport
import Testing
import TraceReplay

@Suite("Trace documents")
struct TextLayoutTests {
    @Test("A changed field of the draft is found when it is read or by a level", arguments: 3...7)
    func changedField(_ number: Int) throws {
        var document = try TraceDocument.draftLayout.get()
        let section = try #require(document.sections.first { $0.number == number })
        let fields = section.steps.flatMap(\.fields).filter { !$0.bytes.isEmpty }
        // How many fields the sections print, the empty ones left out.
        #expect([3: 106, 4: 121, 5: 103, 6: 98, 7: 99][number] == fields.count)
        for (stepIndex, step) in section.steps.enumerated() {
            for (fieldIndex, field) in step.fields.enumerated() where !field.bytes.isEmpty {
                var changed = section
                changed.steps[stepIndex].fields[fieldIndex].bytes = field.bytes.changed
                document.sections = [changed]
                #expect(Self.isRefused(document), "line \(field.line): \(field.name)")
            }
        }
        document.sections = [section]
        #expect(!Self.isRefused(document))
    }

    private static func isRefused(_ document: TextLayout) -> Bool {
        guard let set = try? TraceSet(document, name: "changed") else { return true }
        return set.traces.contains { trace in
            [.keySchedule, .messages, .records].contains { !set.run($0, on: trace).differences.isEmpty }
        }
    }

    @Test(
        "A document that does not say what it should is refused",
        arguments: [
            "{client}  send alert record:\n\npayload (3 octets):  01 00\n",
            "{client}  send alert record:\n\npayload (2 octets):  01 0g\n",
            "{client}  send alert record:\n\npayload (2 octets):  01 00\n",
            "{client}  send alert record:\n\ncomplete record (1 octets):  15\n\npayload (2 octets):  01 00\n",
            "{client}  send alert record (same as server):\n\npayload (2 octets):  01 00\n",
            "{client}  rejoice:\n\npayload (2 octets):  01 00\n",
            "{client}  derive write traffic keys for nothing:\n\nPRK (1 octets):  01\n",
            "{client}  construct a ClientGoodbye handshake message\n\nClientGoodbye (1 octets):  01\n",
            "",
        ])
    func malformed(_ steps: String) {
        #expect(throws: TextError.self) {
            try TraceSet(TextLayout("3.  Simple 1-RTT Handshake\n\n\(steps)"), name: "malformed")
        }
    }

    @Test("A field is read over lines and pages")
    func fieldOverPages() throws {
        let document = try TextLayout(
            """
            7.  Compatibility Mode

               {server}  send alert record:

                  payload (4 octets):  01
                     02


            Thomson                  Expires March 31, 2019                [Page 13]
            \u{0C}
            Internet-Draft               TLS 1.3 Traces               September 2018


                     03 04

                  complete record (0 octets):  (empty)
            """)
        let fields = try #require(document.sections.first?.steps.first?.fields)
        #expect(fields.map(\.bytes) == [[1, 2, 3, 4], []])
        #expect(fields.map(\.line) == [5, 16])
    }

    @Test(
        "A JSON file with a member that is not understood is refused",
        arguments: [
            ("\"early_secret\"", "\"eerie_secret\""), ("\"binder\"", "\"bender\""), ("33ad0a1c", "33ad0a1"),
            ("33ad0a1c", "33ad0a1x"), ("\"simple-1rtt\"", "\"simple\""), ("TLS_AES_128_GCM_SHA256", "TLS_NULL"),
            ("\"x25519\"", "\"x25520\""), ("\"EndOfEarlyData\"", "\"EndOfDays\""), ("\"client\"", "\"cleint\""),
            ("-----END PRIVATE KEY", "-----END"), ("\"early_secret\": ", "\"psk\": \"00\", \"early_secret\": "),
        ])
    func malformedJSON(_ text: String, _ replacement: String) throws {
        let file = String(
            decoding: try Repository.bytes(at: "Vectors/rfc8448/rfc8448.json"), as: UTF8.self)
        let changed = file.replacingOccurrences(of: text, with: replacement)
        #expect(changed != file)
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(TraceSet.self, from: Data(changed.utf8))
        }
    }
}
