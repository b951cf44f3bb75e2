import GatehouseCrypto

/// An OCSP response (RFC 6960 §4.2.1).
struct OCSPResponse: Sendable {
    /// `OCSPResponseStatus`.
    enum Status: Int, Sendable {
        case successful = 0
        case malformedRequest = 1
        case internalError = 2
        case tryLater = 3
        case signatureRequired = 5
        case unauthorized = 6
    }

    enum ResponderID: Sendable {
        case name(DistinguishedName)
        /// SHA-1 of the responder's public key.
        case keyHash(Range<Int>)
    }

    enum CertificateStatus: Sendable, Hashable {
        case good
        case revoked(UnixTime)
        case unknown
    }

    /// The answer about one certificate.
    struct Answer: Sendable {
        let hashAlgorithm: CertIDHash?
        let issuerNameHash: Range<Int>
        let issuerKeyHash: Range<Int>
        let serialNumber: Range<Int>
        let status: CertificateStatus
        let thisUpdate: UnixTime
        let nextUpdate: UnixTime?
    }

    /// The hash function of a CertID.
    enum CertIDHash: Sendable {
        case sha1
        case sha2(HashAlgorithm)

        func hash(_ bytes: Span<UInt8>) -> [UInt8] {
            switch self {
            case .sha1: SHA1.hash(bytes)
            case .sha2(let algorithm): GatehouseCrypto.Hasher.hash(algorithm, bytes)
            }
        }
    }

    /// What a successful response holds.
    struct Basic: Sendable {
        let tbsResponseData: Range<Int>
        let signatureAlgorithm: SignatureAlgorithmIdentifier
        let signature: Range<Int>
        let responderID: ResponderID
        let answers: [Answer]
        let nonce: Range<Int>?
        let unknownCritical: Bool
        /// Certificates that may help to check the signature, not parsed yet.
        let certificates: [Range<Int>]
    }

    /// More certificates or answers than this are not looked at: a response about a chain has one of each per
    /// certificate.
    static let maximumElements = 64

    let der: [UInt8]
    let status: Status
    let basic: Basic?

    init(der: [UInt8]) throws(CertificateError) {
        let bytes = der.span
        let outer = try onlyElement(.sequence, bytes)
        var fields = try DERCursor(inside: outer)
        let code = try fields.next(.enumerated, bytes).smallInteger(bytes)
        guard let status = Status(rawValue: code) else { throw CertificateError(.invalidExtension, at: outer.start) }
        if let wrapper = try fields.nextIf(.constructed(0), bytes) {
            var inside = try DERCursor(inside: wrapper)
            var responseBytes = try inside.enter(.sequence, bytes)
            try inside.finish()
            let type = try responseBytes.next(.objectIdentifier, bytes).objectIdentifier(bytes)
            let response = try responseBytes.next(.octetString, bytes)
            try responseBytes.finish()
            guard type == .basicOCSPResponse else { throw CertificateError(.unsupportedVersion, at: wrapper.start) }
            var content = try DERCursor(inside: response)
            basic = try Basic(content.next(.sequence, bytes), bytes)
            try content.finish()
        } else {
            basic = nil
        }
        try fields.finish()
        guard (status == .successful) == (basic != nil) else { throw CertificateError(.truncated, at: outer.start) }
        self.status = status
        self.der = der
    }
}

extension OCSPResponse.Basic {
    /// `BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING, certs [0] … }`.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        let tbs = try fields.next(.sequence, bytes)
        signatureAlgorithm = try SignatureAlgorithmIdentifier(fields.next(.sequence, bytes), bytes)
        signature = try fields.next(.bitString, bytes).wholeBytes(bytes)
        var certificates: [Range<Int>] = []
        if let wrapper = try fields.nextIf(.constructed(0), bytes) {
            var inside = try DERCursor(inside: wrapper)
            var list = try inside.enter(.sequence, bytes)
            try inside.finish()
            while !list.isAtEnd, certificates.count < OCSPResponse.maximumElements {
                certificates.append(try list.next(.sequence, bytes).range)
            }
        }
        try fields.finish()
        self.certificates = certificates
        tbsResponseData = tbs.range

        var data = try DERCursor(inside: tbs)
        // `version [0] EXPLICIT Version DEFAULT v1`: DER leaves v1 out, and there is no other.
        guard try data.nextIf(.constructed(0), bytes) == nil else {
            throw CertificateError(.unsupportedVersion, at: tbs.start)
        }
        let responder = try data.next(bytes)
        var responderCursor = try DERCursor(inside: responder)
        switch responder.tag {
        case .constructed(1):
            responderID = .name(try DistinguishedName(responderCursor.next(.sequence, bytes), bytes))
        case .constructed(2):
            responderID = .keyHash(try responderCursor.next(.octetString, bytes).content)
        default:
            throw CertificateError(.unexpectedTag, at: responder.start)
        }
        try responderCursor.finish()
        _ = try data.next(.generalizedTime, bytes).time(bytes)
        var responses = try data.enter(.sequence, bytes)
        var answers: [OCSPResponse.Answer] = []
        while !responses.isAtEnd {
            guard answers.count < OCSPResponse.maximumElements else { throw CertificateError(.tooLarge, at: tbs.start) }
            answers.append(try OCSPResponse.Answer(responses.next(.sequence, bytes), bytes))
        }
        self.answers = answers
        var nonce: Range<Int>?
        var unknownCritical = false
        if let wrapper = try data.nextIf(.constructed(1), bytes) {
            var inside = try DERCursor(inside: wrapper)
            var extensions = try inside.enter(.sequence, bytes)
            try inside.finish()
            while !extensions.isAtEnd {
                let item = try Extension(extensions.next(.sequence, bytes), bytes)
                if item.identifier == .ocspNonce {
                    nonce = try item.only(.octetString, bytes).content
                } else if item.isCritical {
                    unknownCritical = true
                }
            }
        }
        try data.finish()
        self.nonce = nonce
        self.unknownCritical = unknownCritical
    }
}

extension OCSPResponse.Answer {
    /// `SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] …, singleExtensions [1] … }`.
    init(_ element: DERElement, _ bytes: Span<UInt8>) throws(CertificateError) {
        var fields = try DERCursor(inside: element)
        var certID = try fields.enter(.sequence, bytes)
        var algorithm = try certID.enter(.sequence, bytes)
        switch try algorithm.next(.objectIdentifier, bytes).objectIdentifier(bytes) {
        case .sha1: hashAlgorithm = .sha1
        case .sha256: hashAlgorithm = .sha2(.sha256)
        case .sha384: hashAlgorithm = .sha2(.sha384)
        case .sha512: hashAlgorithm = .sha2(.sha512)
        default: hashAlgorithm = nil
        }
        issuerNameHash = try certID.next(.octetString, bytes).content
        issuerKeyHash = try certID.next(.octetString, bytes).content
        let serial = try certID.next(.integer, bytes)
        try serial.checkInteger(bytes)
        serialNumber = serial.content
        try certID.finish()
        let choice = try fields.next(bytes)
        switch choice.tag {
        case .primitive(0) where choice.content.isEmpty: status = .good
        case .constructed(1):
            var info = try DERCursor(inside: choice)
            status = .revoked(try info.next(.generalizedTime, bytes).time(bytes))
        case .primitive(2) where choice.content.isEmpty: status = .unknown
        default: throw CertificateError(.unexpectedTag, at: choice.start)
        }
        thisUpdate = try fields.next(.generalizedTime, bytes).time(bytes)
        if let wrapper = try fields.nextIf(.constructed(0), bytes) {
            var inside = try DERCursor(inside: wrapper)
            nextUpdate = try inside.next(.generalizedTime, bytes).time(bytes)
            try inside.finish()
        } else {
            nextUpdate = nil
        }
        if let wrapper = try fields.nextIf(.constructed(1), bytes) {
            var inside = try DERCursor(inside: wrapper)
            var extensions = try inside.enter(.sequence, bytes)
            try inside.finish()
            while !extensions.isAtEnd {
                let item = try Extension(extensions.next(.sequence, bytes), bytes)
                // RFC 6960 §4.4 knows no critical extension of a single answer.
                if item.isCritical { throw CertificateError(.invalidExtension, at: item.start) }
            }
        }
        try fields.finish()
    }
}
