public import GatehouseSystem
public import GatehouseTLS
import Synchronization

/// A TLS 1.3 connection: accepted by an ``SSLServer``, or made with ``connectToHostEncrypted(_:port:peerVerifyName:)``.
///
/// A socket is an actor on an ``EventLoop``. In its slots every call is synchronous; from elsewhere it is an `await`.
///
/// ```swift
/// socket.readyRead.connect { socket in
///     socket.write(socket.readAll())
/// }
/// socket.disconnected.connect { socket, ending in
///     print("\(socket.peerEndpoint) is gone: \(ending)")
/// }
/// ```
///
/// The loop keeps an open socket alive. After ``disconnected`` a socket drops all its slots, unless one of them has
/// connected it again.
public actor SSLSocket: LoopBound {
    /// The loop that the socket lives on.
    public nonisolated let loop: EventLoop
    /// The executor of the loop.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.asUnownedSerialExecutor() }

    // MARK: Signals

    /// A client's host has an address.
    public nonisolated let hostFound = Signal<SSLSocket, Void>()
    /// A client's TCP connection stands; the handshake begins.
    public nonisolated let connected = Signal<SSLSocket, Void>()
    /// ``mode`` has changed: the handshake begins.
    public nonisolated let modeChanged = Signal<SSLSocket, SSLMode>()
    /// The handshake is complete: what is written from now on is protected, and the peer is who it says.
    public nonisolated let encrypted = Signal<SSLSocket, Void>()
    /// Decrypted bytes have come. It may have been emitted before a socket is taken from its server, unless that happens
    /// in a slot of ``SSLServer/pendingConnectionAvailable``: look at ``bytesAvailable`` once after connecting.
    public nonisolated let readyRead = Signal<SSLSocket, Void>()
    /// So many bytes of what was written have gone to the kernel.
    public nonisolated let bytesWritten = Signal<SSLSocket, Int>()
    /// So many bytes of ciphertext have gone to the kernel, those of the handshake included.
    public nonisolated let encryptedBytesWritten = Signal<SSLSocket, Int>()
    /// Nothing more will come: the peer has sent `close_notify`, or the connection is over. With ``allowHalfClose`` our
    /// side is still open; without it, what slots write here is the last that goes out.
    public nonisolated let readChannelFinished = Signal<SSLSocket, Void>()
    /// The connection is over, and how it ended. It is a connection's last signal.
    public nonisolated let disconnected = Signal<SSLSocket, Ending>()
    /// Something went wrong: once per connection, before ``disconnected``. An orderly end is no error.
    public nonisolated let errorOccurred = Signal<SSLSocket, SocketError>()
    /// ``state`` has changed.
    public nonisolated let stateChanged = Signal<SSLSocket, SocketState>()
    /// An alert has been written to the transport, `close_notify` included.
    public nonisolated let alertSent = Signal<SSLSocket, Alert>()
    /// The peer has sent an alert, `close_notify` included.
    public nonisolated let alertReceived = Signal<SSLSocket, Alert>()

    /// A server has given the client a ticket: a later connection can offer the session, see
    /// ``SSLConfiguration/sessionTicket``. It can be kept as bytes, with `exported()`.
    public nonisolated let newSessionTicketReceived = Signal<SSLSocket, SSLSession>()
    /// A client has sent early data to a server's socket: ``readEarlyData()`` takes it.
    public nonisolated let earlyDataAvailable = Signal<SSLSocket, Void>()
    /// The server has not taken the early data that a client has sent: write it again, if that is safe.
    public nonisolated let earlyDataRejected = Signal<SSLSocket, Void>()
    /// A request for a certificate after the handshake has been answered: on a server's socket by its client, which
    /// ``peerCertificate`` shows now; on a client by ourselves. With the context of the request, as
    /// ``requestClientCertificate(timeout:)`` has returned it.
    public nonisolated let certificateRequestAnswered = Signal<SSLSocket, (CertificateRequestAnswer, [UInt8])>()

    // MARK: Signals that ask

    /// Something is wrong with the peer's certificate: one for each problem, before ``sslErrors``.
    public nonisolated let peerVerifyError = Signal<SSLSocket, SSLError>()
    /// Something is wrong with the peer's certificate: all that is, once. Decide with the value, in the slot or later,
    /// or with ``ignoreSSLErrors()``.
    public nonisolated let sslErrors = Signal<SSLSocket, SSLErrorsDecision>()
    /// Something is wrong with the peer's certificate, and ``SSLConfiguration/handshakeMustInterruptOnError`` is set:
    /// one for each problem, for as long as the handshake is continued.
    public nonisolated let handshakeInterruptedOnError = Signal<SSLSocket, HandshakeInterruption>()
    /// The client of a server's socket offers a pre-shared key that the configuration does not have.
    public nonisolated let preSharedKeyAuthenticationRequired = Signal<SSLSocket, PreSharedKeyAuthenticator>()
    /// A credential of the application's choice is to be shown: ``SSLConfiguration/asksForCredential``.
    public nonisolated let credentialRequired = Signal<SSLSocket, CredentialRequest>()
    /// A signature is needed by the key of a credential that is held elsewhere.
    public nonisolated let signatureRequired = Signal<SSLSocket, PendingSignature>()
    /// A server's socket needs tickets for its client: ``SSLSessionResumption/asksForTickets``.
    public nonisolated let ticketSealingRequired = Signal<SSLSocket, TicketSealing>()
    /// The client of a server's socket offers what may be tickets: ``SSLSessionResumption/asksForTickets``.
    public nonisolated let ticketOpeningRequired = Signal<SSLSocket, TicketOpening>()

    // MARK: Settings

    /// What a handshake does whose peer's certificate is not good.
    public var pauseMode = PauseMode.pauseNever
    /// How many decrypted bytes are kept before no more are read from the kernel, which then slows the peer down. At
    /// most 64 KiB more may be there. 0 is no limit: then the peer decides how much memory we use.
    public var readBufferSize = 1 << 20 {
        didSet { resumeReading() }
    }
    /// How many bytes may wait to be written: above it ``write(_:)`` takes fewer.
    public var writeBufferSize = 1 << 20
    /// Whether our side stays open when the peer has sent `close_notify` (RFC 9846 §6.1), until
    /// ``disconnectFromHost()``. Off by default: `close_notify` is answered, and the connection ends.
    public var allowHalfClose = false

    /// How long an encrypted connection may be without a byte in either direction; then it ends with `close_notify`
    /// and ``SocketError/socketTimeout``, up to a sixteenth later. `nil`, the default, for ever.
    public var idleTimeout: Duration? {
        didSet { startIdleDeadline() }
    }
    /// How long the peer may take for 16 KiB of what waits to be written, or for the rest of it; then the connection
    /// ends with ``SocketError/socketTimeout``. `nil`, the default, for ever. A closing connection has a time of its own.
    public var writeTimeout: Duration?

    /// How long a closing connection may take for 16 KiB of what is left to write, or for the rest of it.
    package var closingTime = Duration.seconds(30)

    // MARK: What is known of the connection

    /// Whether the connection speaks TLS yet, and in which role. It stays after the end.
    public internal(set) var mode = SSLMode.unencrypted
    /// The name, address or path that a client was told to connect to; `nil` on an accepted socket.
    public internal(set) var peerName: String?
    /// What went wrong; `nil` while nothing has.
    public internal(set) var error: SocketError?
    /// What went wrong, as a line for a person; empty while nothing has.
    public internal(set) var errorString = ""
    /// How the connection ended; `nil` until then.
    public internal(set) var ending: Ending?
    /// What the handshake agreed on. It stays readable after the end.
    public internal(set) var session: NegotiatedSession?
    /// How long the handshake took, from the first byte to its end; `nil` before that.
    public internal(set) var handshakeDuration: Duration?
    /// The session of the last ticket that a client was given; `nil` before that. Its lifetime is `expiry`.
    public internal(set) var sessionTicket: SSLSession?
    /// The problems that ``sslErrors`` has told, ignored or not; empty when there were none.
    public internal(set) var sslHandshakeErrors: [SSLError] = []
    /// The last answer to a request for a certificate after the handshake; `nil` before there is one.
    public internal(set) var certificateRequestAnswer: CertificateRequestAnswer?
    /// Nothing more will come: the peer has sent `close_notify`, or the connection is over.
    public internal(set) var isReadChannelFinished = false

    // MARK: Inside

    /// How far a connection is.
    enum Phase: Sendable {
        case idle
        case lookup
        case connecting
        /// A server's socket before the client's first byte.
        case silent
        case handshaking
        case encrypted
        case ended
    }

    struct Endpoints: Sendable {
        var local: Endpoint?
        var peer: Endpoint?
        var transportPeer: Endpoint?
        var proxyHeader: ProxyHeader?
    }

    nonisolated let endpoints = Mutex(Endpoints())
    /// The server's number of this connection; 0 on a client.
    nonisolated let number: UInt64
    /// How many connections a client has begun: what belongs to an earlier one comes too late.
    var connectionNumber: UInt64 = 0

    var phase = Phase.idle
    /// How the connection will end once everything is written.
    var closing: Ending?
    var socket: StreamSocket?
    var watch: EventLoop.Watch?
    var interest: Interest = []
    var channel: (any SecureChannel & ~Copyable)?
    var supervisor: Acceptor?
    var configuration: PreparedConfiguration
    /// Addresses that are left to try, and the name that the certificate must carry.
    var candidates: [Endpoint] = []
    var peerVerifyName: String?
    var handshakeTimeout: Duration?

    /// The beginning of a record that has not come whole.
    var tail: [UInt8] = []
    /// Decrypted, not yet read by the user.
    var inbox = ByteQueue()
    /// What ``rollbackTransaction()`` puts back, with what has come since; `nil` without a transaction.
    var uncommitted: ByteQueue?
    /// Bytes have come that nobody has looked at.
    var hasNews = false
    /// Early data, not yet read by the user, and not yet sent.
    var earlyInbox = ByteQueue()
    var earlyOutgoing: [UInt8] = []
    /// Written by the user, not yet sealed.
    var outgoing = ByteQueue()
    /// When the last of it was sealed, while record sizes are dynamic.
    var lastSealing = Duration.zero
    /// Sealed, and sent up to `outboxSent`.
    var outbox: [UInt8] = []
    var outboxSent = 0
    /// The bytes of the user in the outbox, and the alert at its end.
    var sealedBytes = 0
    var sealedAlert: Alert?
    /// How many bytes have gone to the kernel so far: of the user, and sealed.
    var bytesSent = 0
    var encryptedBytesSent = 0
    /// Nothing more can be written, although the connection goes on.
    var isWriteChannelFinished = false
    var hasSentCloseNotify = false
    var isTurnAwaited = false
    var isBlocked = false

    /// A trusted proxy has to introduce its client before anything else.
    var awaitsProxyHeader = false

    /// What the handshake waits for, while it is paused; each has a number.
    var question: Question?
    var questionNumber: UInt64 = 0
    var ignoresAllSSLErrors = false
    var ignoredSSLErrors: [SSLError] = []
    var continuesInterruptedHandshake = false
    var hasAskedForPreSharedKey = false
    var suppliedPreSharedKey: PreSharedKey?

    /// A request for a certificate that the client has not answered.
    struct OutstandingRequest: Sendable {
        let context: [UInt8]
        let deadline: Deadline?
    }

    var outstandingRequests: [OutstandingRequest] = []

    var hasClientHello = false
    var handshakeStart: Duration?
    var handshakeDeadline: Deadline?
    var closingDeadline: Deadline?
    var idleDeadline: Deadline?
    var writeDeadline: Deadline?
    /// When bytes last came or went; kept while there is an ``idleTimeout``.
    var lastActivity = Duration.zero

    var notices: [Notice] = []
    var noticesTold = 0
    var isDelivering = false
    var hasAnnouncedEncryption = false
    /// The server, on another loop perhaps, is queueing the connection. What happens meanwhile is told afterwards: slots
    /// that are connected when a connection is announced miss nothing.
    var awaitsQueue = false
    let mailbox = Mailbox()
    var waits: [Wait] = []
    /// A task is in the middle of writing more than the buffer takes.
    var isWritingAll = false

    /// A connection that came in.
    init(
        accepted: consuming StreamSocket.Accepted, number: UInt64, _ configuration: PreparedConfiguration,
        on loop: EventLoop, for supervisor: Acceptor
    ) {
        self.loop = loop
        self.number = number
        self.configuration = configuration
        self.supervisor = supervisor
        endpoints.withLock { $0.peer = accepted.peer }
        socket = accepted.take()
    }

    /// A connection that moves: everything that is its own.
    init(takingOver old: isolated SSLSocket, on loop: EventLoop) {
        self.loop = loop
        number = old.number
        supervisor = old.supervisor
        let endpoints = old.endpoints.withLock { $0 }
        self.endpoints.withLock { $0 = endpoints }
        socket = old.socket.take()
        channel = old.channel.take()
        configuration = old.configuration
        phase = old.phase
        mode = old.mode
        session = old.session
        sessionTicket = old.sessionTicket
        sslHandshakeErrors = old.sslHandshakeErrors
        certificateRequestAnswer = old.certificateRequestAnswer
        peerName = old.peerName
        handshakeTimeout = old.handshakeTimeout
        handshakeDuration = old.handshakeDuration
        readBufferSize = old.readBufferSize
        writeBufferSize = old.writeBufferSize
        allowHalfClose = old.allowHalfClose
        idleTimeout = old.idleTimeout
        writeTimeout = old.writeTimeout
        closingTime = old.closingTime
        isReadChannelFinished = old.isReadChannelFinished
        isWriteChannelFinished = old.isWriteChannelFinished
        hasSentCloseNotify = old.hasSentCloseNotify
        hasClientHello = old.hasClientHello
        hasAnnouncedEncryption = true
        tail = old.tail
        inbox = old.inbox
        earlyInbox = old.earlyInbox
        uncommitted = old.uncommitted
        hasNews = old.hasNews
        outgoing = old.outgoing
        outbox = old.outbox
        outboxSent = old.outboxSent
        sealedBytes = old.sealedBytes
        sealedAlert = old.sealedAlert
        bytesSent = old.bytesSent
        encryptedBytesSent = old.encryptedBytesSent
        notices = Array(old.notices.dropFirst(old.noticesTold))
    }

    /// A client's socket, not yet connected. Its ``handshakeTimeout`` counts from the first attempt to connect.
    ///
    /// - Throws: `SocketFailure` when a client cannot work with the configuration.
    public init(
        configuration: SSLConfiguration, on loop: EventLoop, handshakeTimeout: Duration? = .seconds(30)
    ) throws(SocketFailure) {
        self.loop = loop
        self.handshakeTimeout = handshakeTimeout
        number = 0
        do throws(ConfigurationError) {
            self.configuration = try PreparedConfiguration(client: configuration)
        } catch {
            throw SocketFailure(error)
        }
    }
}

// MARK: - State and identity

extension SSLSocket {
    /// Where the socket stands.
    public var state: SocketState {
        switch phase {
        case .idle, .ended: .unconnected
        case .lookup: .hostLookup
        case .connecting: .connecting
        case .silent, .handshaking, .encrypted: closing == nil ? .connected : .closing
        }
    }

    /// Whether the handshake is complete and the connection stands.
    public var isEncrypted: Bool { phase == .encrypted }

    /// The cipher suite while the connection is encrypted.
    public var sessionCipher: CipherSuite? { isEncrypted ? session?.cipherSuite : nil }

    /// The protocol's version while the connection is encrypted.
    public var sessionProtocol: ProtocolVersion? { isEncrypted ? session?.protocolVersion : nil }

    /// The peer's address and port. They stay readable after the end; a client knows them once it tries to connect.
    public nonisolated var peerEndpoint: Endpoint? { endpoints.withLock { $0.peer } }

    /// The peer's address; it stays readable after the end.
    public nonisolated var peerAddress: HostAddress? { peerEndpoint?.address }

    /// The peer's port; it stays readable after the end. 0 when there was never a connection.
    public nonisolated var peerPort: UInt16 { peerEndpoint?.port ?? 0 }

    /// Our own address and port; they stay readable after the end.
    public nonisolated var localEndpoint: Endpoint? { endpoints.withLock { $0.local } }

    /// Our own address; it stays readable after the end.
    public nonisolated var localAddress: HostAddress? { localEndpoint?.address }

    /// Our own port; it stays readable after the end. 0 when there was never a connection.
    public nonisolated var localPort: UInt16 { localEndpoint?.port ?? 0 }

    /// The descriptor of the connection, which stays the socket's own; `nil` without a connection.
    public var socketDescriptor: Int32? { socket?.descriptor }

    /// The host name that the client asks for (RFC 6066 §3), in lower case and without a trailing dot; `nil` when it
    /// names none, and for an IP address. A server's socket knows it from the ClientHello on, and keeps it.
    public var requestedServerName: String? { (session ?? channel?.session)?.serverName }
}
