/// The values of primitive elements, each with the restrictions of X.690 §10 and §11.
extension DERElement {
    /// A BOOLEAN.
    func boolean(_ bytes: Span<UInt8>) throws(CertificateError) -> Bool {
        guard tag == .boolean, content.count == 1 else { throw CertificateError(.invalidBoolean, at: start) }
        // X.690 §11.1: "If the encoding represents the boolean value TRUE, its single contents octet shall have all
        // eight bits set to one."
        switch bytes[content.lowerBound] {
        case 0x00: return false
        case 0xFF: return true
        default: throw CertificateError(.invalidBoolean, at: start)
        }
    }

    /// A BOOLEAN DEFAULT FALSE that is present, so it must be TRUE.
    func trueByPresence(_ bytes: Span<UInt8>) throws(CertificateError) -> Bool {
        // X.690 §11.5: "The encoding of a set value or sequence value shall not include an encoding for any component
        // value which is equal to its default value."
        guard try boolean(bytes) else { throw CertificateError(.defaultValueEncoded, at: start) }
        return true
    }

    /// Checks that this is an INTEGER (or ENUMERATED, or either under an implicit tag) in its shortest form.
    func checkInteger(_ bytes: Span<UInt8>) throws(CertificateError) {
        guard let first = content.first else { throw CertificateError(.invalidInteger, at: start) }
        // X.690 §8.3.2: "… the bits of the first octet and bit 8 of the second octet shall not all be ones; and shall
        // not all be zero."
        if content.count > 1 {
            let sign = bytes[first + 1] & 0x80
            let isPadded = bytes[first] == 0x00 && sign == 0 || bytes[first] == 0xFF && sign != 0
            guard !isPadded else { throw CertificateError(.invalidInteger, at: start) }
        }
    }

    /// An INTEGER between 0 and 2^31 - 1.
    func smallInteger(_ bytes: Span<UInt8>) throws(CertificateError) -> Int {
        try checkInteger(bytes)
        guard content.count <= 4, bytes[content.lowerBound] < 0x80 else {
            throw CertificateError(.invalidInteger, at: start)
        }
        var value = 0
        for index in content {
            value = value << 8 | Int(bytes[index])
        }
        return value
    }

    /// A positive INTEGER as its magnitude's bytes, without the leading zero.
    func magnitude(_ bytes: Span<UInt8>) throws(CertificateError) -> Range<Int> {
        try checkInteger(bytes)
        let first = bytes[content.lowerBound]
        guard first < 0x80 else { throw CertificateError(.invalidInteger, at: start) }
        if first == 0 {
            guard content.count > 1 else { throw CertificateError(.invalidInteger, at: start) }
            return content.lowerBound + 1..<content.upperBound
        }
        return content
    }

    /// The bytes of a BIT STRING whose length is a multiple of eight bits.
    func wholeBytes(_ bytes: Span<UInt8>) throws(CertificateError) -> Range<Int> {
        guard content.count >= 1, bytes[content.lowerBound] == 0 else {
            throw CertificateError(.invalidBitString, at: start)
        }
        return content.lowerBound + 1..<content.upperBound
    }

    /// The first sixteen bits of a BIT STRING with named bits: bit 0 of the definition is the highest.
    func namedBits(_ bytes: Span<UInt8>) throws(CertificateError) -> UInt16 {
        guard content.count >= 1 else { throw CertificateError(.invalidBitString, at: start) }
        let unused = bytes[content.lowerBound]
        // X.690 §11.2.1: "Each unused bit in the final octet of the encoding of a bit string value shall be set to
        // zero."
        guard unused <= 7, content.count > 1 || unused == 0 else {
            throw CertificateError(.invalidBitString, at: start)
        }
        if content.count > 1 {
            guard bytes[content.upperBound - 1] & ((1 << unused) - 1) == 0 else {
                throw CertificateError(.invalidBitString, at: start)
            }
        }
        var value: UInt16 = 0
        for offset in 0..<2 {
            let index = content.lowerBound + 1 + offset
            value = value << 8 | (index < content.upperBound ? UInt16(bytes[index]) : 0)
        }
        return value
    }

    /// An OBJECT IDENTIFIER.
    func objectIdentifier(_ bytes: Span<UInt8>) throws(CertificateError) -> ObjectIdentifier {
        try checkObjectIdentifier(bytes)
        return ObjectIdentifier(content: bytes.extracting(content))
    }

    /// Checks that this is a well-formed OBJECT IDENTIFIER.
    func checkObjectIdentifier(_ bytes: Span<UInt8>) throws(CertificateError) {
        // X.690 §8.19.2: "… the leading octet of the subidentifier shall not have the value 0x80."
        var isStart = true
        for index in content {
            if isStart && bytes[index] == 0x80 { throw CertificateError(.invalidObjectIdentifier, at: start) }
            isStart = bytes[index] < 0x80
        }
        guard !content.isEmpty, isStart else { throw CertificateError(.invalidObjectIdentifier, at: start) }
    }

    /// Checks that this IA5String (or one under an implicit tag) is ASCII.
    func checkIA5(_ bytes: Span<UInt8>) throws(CertificateError) {
        for index in content where bytes[index] >= 0x80 {
            throw CertificateError(.invalidString, at: start)
        }
    }
}

/// Seconds since 1970-01-01 00:00:00 UTC, without leap seconds.
public typealias UnixTime = Int64

extension DERElement {
    /// A `Time` (RFC 5280 §4.1.2.5): UTCTime or GeneralizedTime.
    func time(_ bytes: Span<UInt8>) throws(CertificateError) -> UnixTime {
        switch tag {
        case .utcTime:
            // RFC 5280 §4.1.2.5.1: "UTCTime values MUST be expressed in Greenwich Mean Time (Zulu) and MUST include
            // seconds (i.e., times are YYMMDDHHMMSSZ), even where the number of seconds is zero."
            let year = try decimal(bytes, at: 0)
            // "Where YY is greater than or equal to 50, the year SHALL be interpreted as 19YY; and Where YY is less
            // than 50, the year SHALL be interpreted as 20YY."
            return try moment(bytes, year: year >= 50 ? 1900 + year : 2000 + year, fieldsAt: 2)
        case .generalizedTime:
            // RFC 5280 §4.1.2.5.2: "GeneralizedTime values MUST be expressed in Greenwich Mean Time (Zulu) and MUST
            // include seconds (i.e., times are YYYYMMDDHHMMSSZ) … GeneralizedTime values MUST NOT include fractional
            // seconds."
            return try moment(bytes, year: 100 * decimal(bytes, at: 0) + decimal(bytes, at: 2), fieldsAt: 4)
        default:
            throw CertificateError(.unexpectedTag, at: start)
        }
    }

    /// The two decimal digits at `offset` of the content.
    private func decimal(_ bytes: Span<UInt8>, at offset: Int) throws(CertificateError) -> Int {
        guard content.count >= offset + 2 else { throw CertificateError(.invalidTime, at: start) }
        let high = Int(bytes[content.lowerBound + offset]) - 0x30
        let low = Int(bytes[content.lowerBound + offset + 1]) - 0x30
        guard 0...9 ~= high, 0...9 ~= low else { throw CertificateError(.invalidTime, at: start) }
        return 10 * high + low
    }

    private func moment(_ bytes: Span<UInt8>, year: Int, fieldsAt offset: Int) throws(CertificateError) -> UnixTime {
        let month = try decimal(bytes, at: offset)
        let day = try decimal(bytes, at: offset + 2)
        let hour = try decimal(bytes, at: offset + 4)
        let minute = try decimal(bytes, at: offset + 6)
        let second = try decimal(bytes, at: offset + 8)
        guard content.count == offset + 11, bytes[content.upperBound - 1] == UInt8(ascii: "Z"),
            1...12 ~= month, day >= 1, day <= CivilDate.days(inMonth: month, of: year),
            hour <= 23, minute <= 59, second <= 59
        else { throw CertificateError(.invalidTime, at: start) }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        return UnixTime(((days * 24 + hour) * 60 + minute) * 60 + second)
    }
}
