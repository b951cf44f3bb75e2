/// What a client asks of the server's revocation status (RFC 6066 §8, "CertificateStatusRequest").
struct CertificateStatusRequest: Sendable, Equatable {
    /// status_type: 1 is OCSP, the only one that there is.
    static let ocsp: UInt8 = 1

    var responderIDs: [[UInt8]] = []
    var requestExtensions: [UInt8] = []
}

extension ByteReader {
    mutating func readCertificateStatusRequest() throws(TLSError) -> CertificateStatusRequest {
        guard try readUInt8() == CertificateStatusRequest.ocsp else { throw .invalidMessage(.illegalValue) }
        var request = CertificateStatusRequest()
        request.responderIDs = try readOpaqueList(.responderIDs, of: .responderID)
        request.requestExtensions = try readOpaque(.extensions)
        return request
    }

    /// The DER of the OCSP response in a certificate's status_request (RFC 9846 §4.5.1.1, "CertificateStatus").
    mutating func readCertificateStatus() throws(TLSError) -> [UInt8] {
        guard try readUInt8() == CertificateStatusRequest.ocsp else { throw .invalidMessage(.illegalValue) }
        return try readOpaque(.ocspResponse)
    }
}

extension ByteReader {
    /// Signed certificate timestamps (RFC 6962 §3.3, "SignedCertificateTimestampList"), as they came.
    mutating func readTimestamps() throws(TLSError) -> [UInt8] {
        let bytes = readRest()
        var reader = ByteReader(bytes.span)
        var list = try reader.readVector(.timestampList)
        while !list.isAtEnd { _ = try list.readVector(.timestamp) }
        try reader.finish()
        return bytes
    }
}

extension ByteWriter {
    mutating func write(_ request: CertificateStatusRequest) {
        write(CertificateStatusRequest.ocsp)
        writeOpaqueList(.responderIDs, of: .responderID, request.responderIDs)
        writeOpaque(.extensions, request.requestExtensions)
    }

    mutating func writeCertificateStatus(_ response: [UInt8]) {
        write(CertificateStatusRequest.ocsp)
        writeOpaque(.ocspResponse, response)
    }
}
