import Testing

@testable import GatehouseCertificates

@Suite("DER")
struct DERTests {
    private func element(_ bytes: [UInt8]) throws(CertificateError) -> DERElement {
        var cursor = DERCursor(whole: bytes.span)
        let element = try cursor.next(bytes.span)
        try cursor.finish()
        return element
    }

    private func reason<T>(_ body: () throws(CertificateError) -> T) -> CertificateError.Reason? {
        do {
            _ = try body()
            return nil
        } catch {
            return error.reason
        }
    }

    @Test("lengths are definite and as short as can be")
    func lengths() throws {
        #expect(try element([0x04, 0x00]).content == 2..<2)
        #expect(try element([0x04, 0x81, 0x80] + [UInt8](repeating: 0, count: 128)).content == 3..<131)
        #expect(try element([0x04, 0x82, 0x01, 0x00] + [UInt8](repeating: 0, count: 256)).content == 4..<260)
        for bytes: [UInt8] in [
            [0x04, 0x80], [0x04, 0x81, 0x01, 0x00], [0x04, 0x82, 0x00, 0x80] + [UInt8](repeating: 0, count: 128),
            [0x04, 0x85, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00], [0x04, 0xFF],
        ] {
            #expect(
                reason { () throws(CertificateError) in try element(bytes) } == .invalidLength, "\(bytes.prefix(8))")
        }
        for bytes: [UInt8] in [
            [], [0x04], [0x04, 0x01], [0x04, 0x81], [0x04, 0x82, 0x01], [0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
        ] {
            #expect(reason { () throws(CertificateError) in try element(bytes) } == .truncated, "\(bytes)")
        }
        #expect(reason { () throws(CertificateError) in try element([0x04, 0x00, 0x00]) } == .trailingBytes)
        #expect(reason { () throws(CertificateError) in try element([0x1F, 0x81, 0x00]) } == .unexpectedTag)
    }

    @Test("B-15 elements nested more than 32 deep are refused")
    func depth() throws {
        var bytes: [UInt8] = []
        for _ in 0..<40 { bytes = [0x30, UInt8(bytes.count)] + bytes }
        var cursor = DERCursor(whole: bytes.span)
        var depth = 0
        let reason = reason { () throws(CertificateError) in
            while true {
                cursor = try cursor.enter(.sequence, bytes.span)
                depth += 1
            }
        }
        #expect(reason == .nestedTooDeep)
        #expect(depth == DERCursor.maximumDepth)
    }

    @Test(
        "integers are in their shortest form",
        arguments: [
            ([0x02, 0x00], nil), ([0x02, 0x01, 0x00], 0), ([0x02, 0x01, 0x7F], 127), ([0x02, 0x02, 0x00, 0x80], 128),
            ([0x02, 0x02, 0x00, 0x7F], nil), ([0x02, 0x01, 0x80], nil), ([0x02, 0x02, 0xFF, 0x80], nil),
            ([0x02, 0x04, 0x7F, 0xFF, 0xFF, 0xFF], 0x7FFF_FFFF), ([0x02, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00], nil),
        ] as [([UInt8], Int?)])
    func integers(bytes: [UInt8], value: Int?) throws {
        let element = try element(bytes)
        #expect((try? element.smallInteger(bytes.span)) == value)
    }

    @Test("booleans are 0x00 or 0xFF, bit strings have zeros where bits are unused")
    func booleansAndBits() throws {
        #expect(try element([0x01, 0x01, 0xFF]).boolean([0x01, 0x01, 0xFF].span))
        let one: [UInt8] = [0x01, 0x01, 0x01]
        #expect(reason { () throws(CertificateError) in try element(one).boolean(one.span) } == .invalidBoolean)
        let explicitFalse: [UInt8] = [0x01, 0x01, 0x00]
        #expect(
            reason { () throws(CertificateError) in try element(explicitFalse).trueByPresence(explicitFalse.span) }
                == .defaultValueEncoded)
        let bits: [UInt8] = [0x03, 0x02, 0x05, 0xA0]
        #expect(try element(bits).namedBits(bits.span) == 0xA000)
        for bad: [UInt8] in [[0x03, 0x00], [0x03, 0x01, 0x01], [0x03, 0x02, 0x08, 0x00], [0x03, 0x02, 0x05, 0xB0]] {
            #expect(
                reason { () throws(CertificateError) in try element(bad).namedBits(bad.span) } == .invalidBitString)
        }
    }

    @Test(
        "object identifiers there and back",
        arguments: [
            "1.2.840.113549.1.1.11", "2.5.29.15", "0.9.2342.19200300.100.1.25", "2.999.3",
            "1.3.6.1.4.1.99999999.1.2.3.4.5.6.7.8.9",
        ])
    func identifiers(text: String) throws {
        let identifier = try #require(ObjectIdentifier(text))
        #expect(identifier.description == text)
        var writer = DERWriter()
        writer.write(identifier)
        let bytes = writer.bytes
        #expect(try element(bytes).objectIdentifier(bytes.span) == identifier)
    }

    @Test(
        "malformed object identifiers", arguments: [[], [0x80, 0x01], [0x2A, 0x80], [0x2A, 0x80, 0x01]] as [[UInt8]])
    func malformedIdentifiers(content: [UInt8]) throws {
        let bytes = [0x06, UInt8(content.count)] + content
        #expect(throws: CertificateError.self) { try element(bytes).objectIdentifier(bytes.span) }
        for text in ["", "1", "3.1", "1.40", "1..2", "1.-2", "a.b"] { #expect(ObjectIdentifier(text) == nil) }
    }

    @Test(
        "times: both forms, the year 2050 rule, and what is none",
        arguments: [
            (0x17, "700101000000Z", 0), (0x17, "491231235959Z", 2_524_607_999), (0x17, "500101000000Z", -631_152_000),
            (0x18, "20500101000000Z", 2_524_608_000), (0x18, "20240229120000Z", 1_709_208_000),
            (0x18, "99991231235959Z", 253_402_300_799), (0x18, "00010101000000Z", -62_135_596_800),
            (0x17, "230229000000Z", nil), (0x18, "19000229000000Z", nil), (0x17, "2401010000Z", nil),
            (0x17, "240101000000+0000", nil), (0x18, "20240101000000.5Z", nil), (0x17, "241301000000Z", nil),
            (0x17, "240100000000Z", nil), (0x17, "240101240000Z", nil), (0x17, "240101006000Z", nil),
            (0x17, "240101000060Z", nil), (0x17, "24010100000aZ", nil), (0x13, "240101000000Z", nil), (0x17, "", nil),
        ] as [(UInt8, String, UnixTime?)])
    func times(tag: UInt8, text: String, value: UnixTime?) throws {
        let bytes = [tag, UInt8(text.utf8.count)] + Array(text.utf8)
        let element = try element(bytes)
        #expect((try? element.time(bytes.span)) == value)
        guard let value, text.count == 15 || value >= 0 else { return }
        var writer = DERWriter()
        writer.write(value)
        let written = writer.bytes
        #expect(try self.element(written).time(written.span) == value)
    }

    @Test("days are counted as the calendar does")
    func days() {
        for days in stride(from: -800_000, through: 3_000_000, by: 997) {
            #expect(CivilDate(daysSince1970: days).daysSince1970 == days)
        }
        #expect(describe(1_763_833_374) == "2025-11-22 17:42:54 UTC")
        #expect(UnixTime(timestamp: "2025-11-22T17:42:54Z") == 1_763_833_374)
        #expect(UnixTime(timestamp: "1970-01-02") == 86_400)
        for text in ["", "2025-02-29", "2025-1-1", "2025-01-01T00:00:00", "2025-01-01T24:00:00Z", "x"] {
            #expect(UnixTime(timestamp: text) == nil)
        }
    }

    @Test(
        "base64 in PEM: what is refused",
        arguments: [
            "-----BEGIN A-----\nAAAA\n", "-----BEGIN A-----\nAAAA\n-----END B-----\n",
            "-----BEGIN A-----\nA\n-----END A-----\n",
            "-----BEGIN A-----\nAA==AA\n-----END A-----\n", "-----BEGIN A-----\nAB==\n-----END A-----\n",
            "-----BEGIN A-----\nA*AA\n-----END A-----\n", "-----BEGIN A-----\nAAA\n-----END A-----\n",
        ])
    func pem(text: String) {
        #expect(throws: PEM.Failure.self) { try PEM.decode(Array(text.utf8)) }
    }

    @Test("PEM of every length is read as it was written")
    func pemLengths() throws {
        for count in 0..<200 {
            let der = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
            #expect(try PEM.decode(Array(PEM.encode(label: "X", der: der).utf8)).map(\.der) == [der])
        }
    }

    @Test("SHA-1 of the published examples (FIPS 180-4)")
    func sha1() {
        func hex(_ text: String) -> String {
            let bytes = Array(text.utf8)
            return SHA1.hash(bytes.span).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
    }
}
