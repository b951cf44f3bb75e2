/// Finished (RFC 9846 §4.5.3): the HMAC over the transcript, as long as the hash of the cipher suite.
struct Finished: HandshakeMessage, Sendable, Equatable {
    static let type = HandshakeType.finished

    var verifyData: [UInt8]

    init(verifyData: [UInt8]) {
        self.verifyData = verifyData
    }

    init(reading body: inout ByteReader) throws(TLSError) {
        verifyData = body.readRest()
    }

    func write(to body: inout ByteWriter) {
        body.write(verifyData)
    }
}
