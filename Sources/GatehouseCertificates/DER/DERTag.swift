/// The identifier octet of an element (X.690 §8.1.2): class, constructed bit and a tag number below 31.
struct DERTag: RawRepresentable, Sendable, Hashable {
    let rawValue: UInt8

    static let boolean = DERTag(rawValue: 0x01)
    static let integer = DERTag(rawValue: 0x02)
    static let bitString = DERTag(rawValue: 0x03)
    static let octetString = DERTag(rawValue: 0x04)
    static let null = DERTag(rawValue: 0x05)
    static let objectIdentifier = DERTag(rawValue: 0x06)
    static let enumerated = DERTag(rawValue: 0x0A)
    static let utf8String = DERTag(rawValue: 0x0C)
    static let numericString = DERTag(rawValue: 0x12)
    static let printableString = DERTag(rawValue: 0x13)
    static let teletexString = DERTag(rawValue: 0x14)
    static let ia5String = DERTag(rawValue: 0x16)
    static let utcTime = DERTag(rawValue: 0x17)
    static let generalizedTime = DERTag(rawValue: 0x18)
    static let visibleString = DERTag(rawValue: 0x1A)
    static let universalString = DERTag(rawValue: 0x1C)
    static let bmpString = DERTag(rawValue: 0x1E)
    static let sequence = DERTag(rawValue: 0x30)
    static let set = DERTag(rawValue: 0x31)

    /// `[number] IMPLICIT` of a primitive type.
    static func primitive(_ number: UInt8) -> DERTag { DERTag(rawValue: 0x80 | number) }
    /// `[number] EXPLICIT`, or `[number] IMPLICIT` of a constructed type.
    static func constructed(_ number: UInt8) -> DERTag { DERTag(rawValue: 0xA0 | number) }
}
