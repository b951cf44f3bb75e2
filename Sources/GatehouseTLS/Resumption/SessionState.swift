import GatehouseCertificates
import GatehouseCrypto

/// What either side needs to know again to resume a session.
struct SessionState: Sendable {
    /// The form of the encoding.
    private static let version: UInt8 = 3

    var cipherSuite: CipherSuite
    var preSharedKey: SharedSecret
    /// Tells the ticket from every other: what a replay guard remembers. A client has none.
    var ticketID: [UInt8]
    /// When the ticket was issued, or received; seconds since 1970.
    var issuedAt: Int64
    /// In seconds.
    var lifetime: UInt32
    var ticketAgeAdd: UInt32
    /// When the peer was authenticated with a certificate or key, at the beginning of the chain of resumptions.
    var authenticatedAt: Int64
    /// When the first certificate of that authentication ends.
    var authenticationEnds: Int64
    var binding: SessionBinding
    var applicationProtocol: String?
    var maxEarlyDataSize: UInt32
    /// The replay guard that was there when the ticket was issued: early data is taken with no other. A client has
    /// none.
    var replayGuardID: [UInt8]
    /// What the peer has shown of itself.
    var peer: ShownCredential
    /// Whether the server has shown certificates or a key.
    var serverCertificateType: CertificateType
    /// Whether the server resumes the session under its other names, too. A server's own state does not say.
    var isResumableAcrossNames = false

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reserving: 512)
        writer.write(Self.version)
        writer.write(cipherSuite)
        preSharedKey.secret.withSpan { writer.writeOpaque(.sessionShort, [UInt8](copying: $0)) }
        writer.writeOpaque(.sessionShort, ticketID)
        writer.write(issuedAt)
        writer.write(lifetime)
        writer.write(ticketAgeAdd)
        writer.write(authenticatedAt)
        writer.write(authenticationEnds)
        binding.write(to: &writer)
        writer.writeOpaque(.sessionShort, Array((applicationProtocol ?? "").utf8))
        writer.write(maxEarlyDataSize)
        writer.writeOpaque(.sessionShort, replayGuardID)
        writer.write(peer)
        writer.write(serverCertificateType)
        writer.write(UInt8(isResumableAcrossNames ? 1 : 0))
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(TLSError) {
        var reader = ByteReader(bytes.span)
        guard try reader.readUInt8() == Self.version else { throw .invalidMessage(.illegalValue) }
        cipherSuite = CipherSuite(rawValue: try reader.readUInt16())
        preSharedKey = SharedSecret(copying: try reader.readOpaque(.sessionShort))
        ticketID = try reader.readOpaque(.sessionShort)
        issuedAt = try reader.readTime()
        lifetime = try reader.readUInt32()
        ticketAgeAdd = try reader.readUInt32()
        authenticatedAt = try reader.readTime()
        authenticationEnds = try reader.readInt64()
        binding = try SessionBinding(reading: &reader)
        applicationProtocol = try reader.readName()
        maxEarlyDataSize = try reader.readUInt32()
        replayGuardID = try reader.readOpaque(.sessionShort)
        peer = try reader.readShownCredential()
        serverCertificateType = try reader.readCertificateType()
        isResumableAcrossNames = try reader.readUInt8() == 1
        try reader.finish()
    }

    init(
        cipherSuite: CipherSuite, preSharedKey: SharedSecret, ticketID: [UInt8], issuedAt: Int64, lifetime: UInt32,
        ticketAgeAdd: UInt32, authenticatedAt: Int64, authenticationEnds: Int64, binding: SessionBinding,
        applicationProtocol: String?, maxEarlyDataSize: UInt32, replayGuardID: [UInt8],
        peer: ShownCredential, serverCertificateType: CertificateType
    ) {
        self.cipherSuite = cipherSuite
        self.preSharedKey = preSharedKey
        self.ticketID = ticketID
        self.issuedAt = issuedAt
        self.lifetime = lifetime
        self.ticketAgeAdd = ticketAgeAdd
        self.authenticatedAt = authenticatedAt
        self.authenticationEnds = authenticationEnds
        self.binding = binding
        self.applicationProtocol = applicationProtocol
        self.maxEarlyDataSize = maxEarlyDataSize
        self.replayGuardID = replayGuardID
        self.peer = peer
        self.serverCertificateType = serverCertificateType
    }

    /// By how many seconds the ticket is older by the client's clock than by ours.
    func ageSkew(of identity: PSKIdentity, at now: Int64) -> Int64 {
        Int64(identity.obfuscatedTicketAge &- ticketAgeAdd) / 1000 - (now - issuedAt)
    }

    /// Whether the session may still be resumed at `now`, by a connection with this binding.
    func isUsable(at now: Int64, _ binding: SessionBinding) -> Bool {
        // A clock that went back a little voids nothing; a ticket from the far future is none of ours.
        guard issuedAt <= now + 60, now < issuedAt + Int64(lifetime) else { return false }
        // A chain of resumptions ends 7 days after the authentication it began with, and when a certificate ends.
        guard now < authenticatedAt + Limits.sessionAge, now <= authenticationEnds else { return false }
        return self.binding == binding
    }
}

/// What must be the same again for a session to be resumed.
struct SessionBinding: Sendable, Equatable {
    var serverName: String?
    /// How peers are verified, as a number.
    var verification: UInt8
    /// Counts the changes of the trust settings.
    var trustGeneration: UInt64

    init(serverName: String?, verification: UInt8, trustGeneration: UInt64) {
        self.serverName = serverName
        self.verification = verification
        self.trustGeneration = trustGeneration
    }

    init(reading reader: inout ByteReader) throws(TLSError) {
        serverName = try reader.readName()
        verification = try reader.readUInt8()
        trustGeneration = UInt64(bitPattern: try reader.readInt64())
    }

    func write(to writer: inout ByteWriter) {
        writer.writeOpaque(.sessionShort, Array((serverName ?? "").utf8))
        writer.write(verification)
        writer.write(Int64(bitPattern: trustGeneration))
    }
}

extension VectorBounds {
    static let sessionShort = VectorBounds(0, 0xFF)
}

extension ByteWriter {
    mutating func write(_ value: Int64) {
        write(UInt32(truncatingIfNeeded: value >> 32))
        write(UInt32(truncatingIfNeeded: value))
    }

    mutating func write(_ peer: ShownCredential) {
        writeOpaque(.sessionShort, peer.fingerprint ?? [])
        write(peer.type)
        writeVector(.certificateList) { list in
            for entry in peer.entries { list.writeOpaque(.certificateData, entry.data) }
        }
    }
}

extension ByteReader {
    /// A name; `nil` for an empty one. What is not UTF-8 was not written here.
    mutating func readName() throws(TLSError) -> String? {
        let bytes = try readOpaque(.sessionShort)
        guard let name = String(validating: bytes, as: UTF8.self) else { throw .invalidMessage(.illegalValue) }
        return name.isEmpty ? nil : name
    }

    /// Seconds since 1970, so few that a lifetime can be added.
    mutating func readTime() throws(TLSError) -> Int64 {
        let time = try readInt64()
        guard time.magnitude < 1 << 48 else { throw .invalidMessage(.illegalValue) }
        return time
    }

    mutating func readInt64() throws(TLSError) -> Int64 {
        let high = try readUInt32()
        return Int64(bitPattern: UInt64(high) << 32 | UInt64(try readUInt32()))
    }

    mutating func readShownCredential() throws(TLSError) -> ShownCredential {
        let fingerprint = try readOpaque(.sessionShort)
        let type = try readCertificateType()
        var list = try readVector(.certificateList)
        var entries: [CertificateMessage.Entry] = []
        while !list.isAtEnd { entries.append(CertificateMessage.Entry(data: try list.readOpaque(.certificateData))) }
        return fingerprint.isEmpty ? try ShownCredential(entries, as: type) : .fingerprint(fingerprint)
    }
}

extension Certificate {
    static func parse(_ der: [UInt8]) throws(TLSError) -> Certificate {
        do throws(CertificateError) {
            return try Certificate(der: der)
        } catch {
            throw .invalidMessage(.malformedCertificate(error))
        }
    }
}
