/// What a TLS server wants of a client's certificate (RFC 9846 §4.3.5).
extension Certificate {
    /// Whether the certificate has an extension with these values, by the matching rules that RFC 9846 has for two of
    /// them. "The client MUST ignore and skip any unrecognized certificate extension OIDs": they match.
    ///
    /// - Parameters:
    ///   - oid: the DER encoding of the extension's object identifier.
    ///   - values: the DER encoding of the values; anything else matches no certificate.
    package func matchesFilter(oid: [UInt8], values: [UInt8]) -> Bool {
        switch oid {
        case ObjectIdentifier.keyUsage.der: (try? hasKeyUsages(values.span)) ?? false
        case ObjectIdentifier.extendedKeyUsage.der: (try? hasKeyPurposes(values.span)) ?? false
        default: true
        }
    }

    /// "The Key Usage extension in a certificate matches the request when all key usage bits asserted in the request are
    /// also asserted in the Key Usage certificate extension."
    private func hasKeyUsages(_ values: Span<UInt8>) throws(CertificateError) -> Bool {
        let wanted = KeyUsage(rawValue: try onlyElement(.bitString, values).namedBits(values))
        return fields.extensions.keyUsage?.isSuperset(of: wanted) ?? false
    }

    /// "The Extended Key Usage extension in a certificate matches the request when all key purpose OIDs present in the
    /// request are also found in the Extended Key Usage certificate extension."
    private func hasKeyPurposes(_ values: Span<UInt8>) throws(CertificateError) -> Bool {
        guard let range = fields.extensions.keyPurposes else { return false }
        let wanted = try Self.identifiers(onlyElement(.sequence, values).content, values)
        let der = fields.der
        return try Self.identifiers(range, der.span).isSuperset(of: wanted)
    }

    private static func identifiers(
        _ range: Range<Int>, _ bytes: Span<UInt8>
    ) throws(CertificateError) -> Set<ObjectIdentifier> {
        var cursor = DERCursor(over: range)
        var identifiers: Set<ObjectIdentifier> = []
        while !cursor.isAtEnd {
            identifiers.insert(try cursor.next(.objectIdentifier, bytes).objectIdentifier(bytes))
        }
        return identifiers
    }
}
