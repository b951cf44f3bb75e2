package import GatehouseCrypto
package import GatehouseTLS

/// A published connection: its inputs, what was sent, and every value of its key schedule that was printed.
package struct Trace: Sendable {
    /// Which side of the connection.
    package enum Sender: String, Sendable, Decodable {
        case client
        case server
    }

    /// A handshake message, header included.
    package struct Message: Sendable {
        package let sender: Sender
        package let kind: MessageKind
        package var bytes: [UInt8]

        package init(sender: Sender, kind: MessageKind, bytes: [UInt8]) {
            self.sender = sender
            self.kind = kind
            self.bytes = bytes
        }
    }

    /// A record as it was sent.
    package struct Record: Sendable {
        package let sender: Sender
        package var bytes: [UInt8]
        /// What it carries, where that is printed beside it.
        package var content: [UInt8]?
    }

    package let scenario: Scenario
    /// Where it is published, such as "RFC 8448 section 3".
    package let origin: String
    package let cipherSuite: CipherSuite
    /// The group of the key agreement that took place.
    package let group: NamedGroup
    package var values: [TraceValue: [UInt8]]
    /// In the order in which they were sent.
    package var messages: [Message]
    /// In the order in which they were sent.
    package var records: [Record]
}

/// What a document publishes together: traces, and the RSA key of the certificate that they use.
package struct TraceSet: Sendable {
    package let traces: [Trace]
    /// The private key in DER, PKCS#8 or PKCS#1.
    package let rsaPrivateKey: [UInt8]

    package init(traces: [Trace], rsaPrivateKey: [UInt8]) {
        self.traces = traces
        self.rsaPrivateKey = rsaPrivateKey
    }
}

/// The five connections of RFC 8448, named after its sections 3 to 7.
package enum Scenario: String, CaseIterable, Sendable {
    case simple1RTT = "simple-1rtt"
    case resumed0RTT = "resumed-0rtt"
    case helloRetryRequest = "hello-retry-request"
    case clientAuthentication = "client-authentication"
    case compatibilityMode = "compatibility-mode"

    /// The values without which a trace is not complete; a document may print more.
    package var requiredValues: [TraceValue] {
        switch self {
        case .simple1RTT: TraceValue.ofEveryTrace + TraceValue.ofTicket + TraceValue.ofApplicationData
        case .resumed0RTT:
            TraceValue.ofEveryTrace + TraceValue.ofPreSharedKey + TraceValue.ofApplicationData + [.earlyApplicationData]
        case .helloRetryRequest: TraceValue.ofEveryTrace + [.clientFirstHelloPrivateKey]
        case .clientAuthentication, .compatibilityMode: TraceValue.ofEveryTrace
        }
    }
}

/// The messages by the names that the RFC prints.
package enum MessageKind: String, Sendable, Decodable {
    case clientHello = "ClientHello"
    case serverHello = "ServerHello"
    case helloRetryRequest = "HelloRetryRequest"
    case encryptedExtensions = "EncryptedExtensions"
    case certificateRequest = "CertificateRequest"
    case certificate = "Certificate"
    case certificateVerify = "CertificateVerify"
    case finished = "Finished"
    case endOfEarlyData = "EndOfEarlyData"
    case newSessionTicket = "NewSessionTicket"

    /// The type in the message's header.
    var type: HandshakeType {
        switch self {
        case .clientHello: .clientHello
        case .serverHello, .helloRetryRequest: .serverHello
        case .encryptedExtensions: .encryptedExtensions
        case .certificateRequest: .certificateRequest
        case .certificate: .certificate
        case .certificateVerify: .certificateVerify
        case .finished: .finished
        case .endOfEarlyData: .endOfEarlyData
        case .newSessionTicket: .newSessionTicket
        }
    }
}
