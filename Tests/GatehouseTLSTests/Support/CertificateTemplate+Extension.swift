import GatehouseCrypto
import Testing

@testable import GatehouseCertificates

extension CertificateTemplate {
    /// The certificate of a CA for `publicKeyInfo`, with one extension more than templates have; `value` is its DER.
    func issued(
        for publicKeyInfo: [UInt8], by issuer: Certificate, issuerKey: PrivateKey, serialNumber: [UInt8],
        with identifier: ObjectIdentifier, critical: Bool, _ value: (inout DERWriter) -> Void
    ) throws -> Certificate {
        let plain = try issued(for: publicKeyInfo, by: issuer, issuerKey: issuerKey, serialNumber: serialNumber).der
        var whole = DERCursor(whole: plain.span)
        var certificate = try whole.enter(.sequence, plain.span)
        var fields = try certificate.enter(.sequence, plain.span)
        var elements: [DERElement] = []
        while !fields.isAtEnd { elements.append(try fields.next(plain.span)) }
        var extensions = try DERCursor(inside: elements.removeLast())
        let list = try extensions.next(.sequence, plain.span)

        var toBeSigned = DERWriter()
        toBeSigned.write(.sequence) { tbs in
            for element in elements { tbs.write(encoded: plain[element.range]) }
            tbs.write(.constructed(3)) { wrapper in
                wrapper.write(.sequence) { extensions in
                    extensions.write(encoded: plain[list.content])
                    extensions.write(.sequence) { item in
                        item.write(identifier)
                        if critical { item.write(true) }
                        item.write(.octetString, value)
                    }
                }
            }
        }
        let signer = try #require(CertificateSigner(issuerKey.algorithm))
        let signature = try issuerKey.sign(toBeSigned.bytes.span, scheme: signer.scheme)
        var signed = DERWriter()
        signed.write(.sequence) { sequence in
            sequence.write(encoded: toBeSigned.bytes)
            sequence.write(encoded: signer.algorithmIdentifier)
            sequence.write(bitString: signature)
        }
        return try Certificate(der: signed.bytes)
    }
}
