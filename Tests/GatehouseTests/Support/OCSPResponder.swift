import Foundation
import Gatehouse
import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import TestSupport

/// Answers about certificates as their issuer, whose key has to be of P-256: OCSP responses (RFC 6960 §4.2.1).
struct OCSPResponder {
    let issuer: SSLCertificate
    let key: SSLKey

    /// The DER of a response about one certificate.
    ///
    /// - Parameters:
    ///   - thisUpdate: the time of the answer, in seconds from now.
    ///   - nextUpdate: when there will be a newer one.
    ///   - signer: signs in the issuer's place.
    func response(
        about certificate: SSLCertificate, _ status: OCSPAnswer.Status, thisUpdate: Int64 = -60,
        nextUpdate: Int64 = 3600, signedBy signer: SSLKey? = nil
    ) throws -> [UInt8] {
        let now = SystemClock.unixTime
        // The public key of P-256 is the last 65 bytes of a SubjectPublicKeyInfo: an uncompressed point.
        let identifier = sequence(
            sequence(Self.sha256), derElement(0x04, Hasher.hash(.sha256, issuer.subject.der.span)),
            derElement(0x04, Hasher.hash(.sha256, Array(key.subjectPublicKeyInfo.suffix(65)).span)),
            derElement(0x02, certificate.serialNumber))
        let answer =
            switch status {
            case .good: derElement(0x80)
            case .revoked(let time): derElement(0xA1, Self.time(time))
            default: derElement(0x82)
            }
        let data = sequence(
            derElement(0xA1, issuer.subject.der), Self.time(now),
            sequence(
                sequence(
                    identifier, answer, Self.time(now + thisUpdate), derElement(0xA0, Self.time(now + nextUpdate)))))
        let signature = try (signer ?? key).sign(data.span, scheme: .ecdsaSecp256r1SHA256)
        let basic = sequence(data, sequence(Self.ecdsaWithSHA256), derElement(0x03, [0], signature))
        return sequence(derElement(0x0A, [0]), derElement(0xA0, sequence(Self.basicResponse, derElement(0x04, basic))))
    }

    private static let sha256: [UInt8] = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]
    private static let ecdsaWithSHA256: [UInt8] = [0x06, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 4, 3, 2]
    private static let basicResponse: [UInt8] = [0x06, 9, 0x2B, 6, 1, 5, 5, 7, 0x30, 1, 1]

    /// A GeneralizedTime.
    private static func time(_ time: Int64) -> [UInt8] {
        let text = Date(timeIntervalSince1970: Double(time)).ISO8601Format()
        return derElement(0x18, text.utf8.filter { 0x30...0x39 ~= $0 } + [UInt8(ascii: "Z")])
    }
}

private func sequence(_ contents: [UInt8]...) -> [UInt8] { derElement(0x30, contents.flatMap { $0 }) }
