/// Why bytes are not a certificate, a revocation list or an OCSP response.
///
/// Parsing is all or nothing: the first rule that is broken ends it.
public struct CertificateError: Error, Sendable, Hashable {
    /// The rule that is broken.
    public enum Reason: Sendable, Hashable {
        // X.690: the encoding rules.
        case truncated
        case invalidLength
        case unexpectedTag
        case trailingBytes
        case nestedTooDeep
        case invalidBoolean
        case invalidInteger
        case invalidBitString
        case invalidObjectIdentifier
        case invalidString
        case invalidTime
        case defaultValueEncoded
        // RFC 5280, RFC 6960: the structures.
        case unsupportedVersion
        case emptySequence
        case signatureAlgorithmMismatch
        case duplicateExtension
        case invalidExtension
        case invalidName
        case serialNumberTooLong
        case unsupportedKey
        case tooLarge
    }

    /// The rule that is broken.
    public let reason: Reason
    /// Where in the encoding, in bytes from its start.
    public let offset: Int

    init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension CertificateError: CustomStringConvertible {
    /// One line for a person; it holds no bytes of the input.
    public var description: String {
        "\(text) (at byte \(offset))"
    }

    private var text: String {
        switch reason {
        case .truncated: "the encoding ends too early"
        case .invalidLength: "a length is not in its shortest definite form"
        case .unexpectedTag: "an element has another type than its place asks for"
        case .trailingBytes: "bytes are left over after the last element"
        case .nestedTooDeep: "the encoding is nested too deeply"
        case .invalidBoolean: "a BOOLEAN is neither TRUE nor FALSE"
        case .invalidInteger: "an INTEGER is empty, not in its shortest form or too large"
        case .invalidBitString: "a BIT STRING has wrong unused bits"
        case .invalidObjectIdentifier: "an OBJECT IDENTIFIER is malformed"
        case .invalidString: "a string has characters that its type does not allow"
        case .invalidTime: "a time is malformed"
        case .defaultValueEncoded: "a default value is encoded although DER leaves it out"
        case .unsupportedVersion: "the version is not one that fits the fields present"
        case .emptySequence: "a list that needs an element is empty"
        case .signatureAlgorithmMismatch: "the signature algorithms inside and outside differ"
        case .duplicateExtension: "an extension is there twice"
        case .invalidExtension: "an extension has a value that its definition does not allow"
        case .invalidName: "a name is malformed"
        case .serialNumberTooLong: "the serial number has more than 20 bytes"
        case .unsupportedKey: "the public key is of a kind that is not supported"
        case .tooLarge: "the input is larger than its limit"
        }
    }
}
