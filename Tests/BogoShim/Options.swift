/// What the runner asks of one connection: the flags that hold for it.
struct Options {
    // The connection to the runner
    var port = 0
    var shimID = 0
    var usesIPv6 = false
    var isServer = false
    var resumeCount = 0
    var asksForHandshaker = false
    var isAsynchronous = false

    // Versions
    var isVersion13Off = false
    var maximumVersion: Int?
    var expectedVersion: Int?

    // What is offered
    var groups: [Int] = []
    var keyShareGroups: [Int] = []
    var offersNoKeyShares = false
    var hintedGroups: [Int] = []
    var policy: CompliancePolicy?
    var verificationSchemes: [Int] = []
    var hostName: String?
    var advertisedProtocols: String?
    var offersEarlyData = false
    var sendsGREASE = false
    var shufflesExtensions = false
    var asksForStaple = false
    var asksForTimestamps = false
    var offeredCertificateTypes: [Int] = []
    var acceptedCertificateTypes: [Int] = []

    // What a server chooses
    var selectedProtocol: String?
    var declinesProtocols = false
    var rejectsProtocols = false
    var failsCredentialChoice = false
    var choosesCredentialLater = false
    var installsHelloFilter = false
    var failsHelloFilter = false
    var refusesHello = false

    var authorities: String?
    var keepsOnlyFingerprint = false
    var resumesAcrossNames = false

    // Sessions
    var givesNoTickets = false
    var opensTickets = false
    var skipsTickets = false
    var resumptionDelay = 0

    // Credentials: the plain one first, then those after each -new-…-credential
    var plainCredential = CredentialOptions(kind: .x509)
    var furtherCredentials: [CredentialOptions] = []

    // Judging the peer
    var trustFile: String?
    var verifiesPeer = false
    var failsVerification = false
    var usesCustomVerification = false
    var verifiesOnResumption = false
    var looksAtStaple = false
    var failsStaple = false
    var declinesStaple = false
    var requiresClientCertificate = false

    // After the handshake
    var writesFirst = false
    var initialWrite = "hello"
    var initialWriteCount = 1
    var shutsDown = false
    var checksCloseNotify = false
    var updatesKeys = false
    var updatesKeysBeforeReading = false
    var readSize: Int?
    var looksBeforeReading = false
    var leavesWriteUnfinished = false
    var earlyWriteMessage: Int?
    var sendsAlert = false
    var exportsTrafficSecrets = false
    var maximumFragment: Int?
    var peerCertificateLimit: Int?
    var exportedCount: Int?
    var exportLabel = ""
    var exportContext = ""
    var usesExportContext = false

    // What must have come of it
    var expectedAdvertisedProtocols: String?
    var expectedProtocol: String?
    var expectedServerName: String?
    var expectedGroup: Int?
    var expectedPeerScheme: Int?
    var expectedCipherSuite: Int?
    var expectedCipherSuiteWithAES: Int?
    var minimumVersion: Int?
    var expectedCipherSuiteWithoutAES: Int?
    var expectsRetry = false
    var expectsNoRetry = false
    var expectedPeerCertificateFile: String?
    var expectedPeerCertificateType: Int?
    var expectedPeerKeyHash: [UInt8] = []
    var expectsNoPeerCertificate = false
    var expectsVerificationResult = false
    var expectedStaple: [UInt8] = []
    var expectedTimestamps: [UInt8] = []
    var expectedAuthorities: String?
    var expectedPeerPreferences: [Int] = []
    var expectedCredential: Int?
    var expectsFingerprint = false
    var expectsSessionMiss = false
    var expectsAcrossNames = false
    var expectsNotAcrossNames = false
    var expectsNoSession = false
    var expectsTicketForEarlyData = false
    var expectsAcceptedEarlyData = false
    var expectsRejectedEarlyData = false
    var expectsNoOfferedEarlyData = false
    var expectedEarlyDataReason: String?
    var expectedTicketAgeSkew: Int?

    /// The credential that the flags after the last -new-…-credential describe.
    var currentCredential: CredentialOptions {
        get { furtherCredentials.last ?? plainCredential }
        set {
            if furtherCredentials.isEmpty {
                plainCredential = newValue
            } else {
                furtherCredentials[furtherCredentials.count - 1] = newValue
            }
        }
    }

    /// The protocols of -advertise-alpn, which come as on the wire, each after its length.
    var offeredProtocols: [String] {
        var rest = Array((advertisedProtocols ?? "").utf8)[...]
        var names: [String] = []
        while let length = rest.popFirst() {
            names.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
            rest = rest.dropFirst(Int(length))
        }
        return names
    }
}

/// A credential as the flags describe it.
struct CredentialOptions {
    enum Kind {
        case x509
        case rawPublicKey
        case preSharedKey
    }

    let kind: Kind
    var certificateFile: String?
    var keyFile: String?
    var signingSchemes: [Int] = []
    var mustMatchIssuer = false
    var staple: [UInt8] = []
    var timestamps: [UInt8] = []

    // A pre-shared key to be imported (RFC 9258)
    var key: [UInt8] = []
    var identity: [UInt8] = []
    var context: [UInt8] = []
    var usesSHA256 = false
    var usesSHA384 = false
}
