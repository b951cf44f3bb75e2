public import GatehouseCertificates
public import GatehouseCrypto

/// Why a connection failed.
///
/// The families say who is to blame; `alert` says what the peer was told.
///
/// ```swift
/// do {
///     while let event = try connection.receive(&bytes, at: &position, output: &output) { … }
/// } catch {
///     transport.write(output)  // the alert is in it
///     log("\(error), alert: \(error.alert?.description ?? "none")")
/// }
/// ```
@nonexhaustive
public enum TLSError: Error, Sendable, Equatable {
    /// Bytes that do not decode, or records outside the bounds of the protocol.
    case invalidMessage(InvalidMessage)
    /// The peer did what the protocol forbids.
    case peerMisbehaved(PeerMisbehaved)
    /// Both sides follow the protocol and have nothing in common.
    case peerIncompatible(PeerIncompatible)
    /// The peer's certificate was not accepted.
    case certificate(CertificateRejected)
    /// The peer ended the connection with this alert; nothing is sent in return.
    case alertReceived(Alert)
    /// The application refused, with the alert it chose.
    case refused(AlertDescription)
    /// A call that does not fit the connection's state. Nothing is sent, and the connection stays as it was.
    case misuse(Misuse)
    /// A message of ours cannot be written: what the configuration or a decision puts into it is longer than the protocol
    /// allows, or empty where that is not allowed.
    case tooLongToSend(HandshakeType)
    /// An operation of libcrypto failed on our own side.
    case crypto(CryptoError)
}

/// What was wrong with bytes that do not decode.
@nonexhaustive
public enum InvalidMessage: Sendable, Hashable {
    /// A structure ends before its last field.
    case truncated
    /// A structure ends after its last field.
    case trailingBytes
    /// The length of a vector lies outside its bounds.
    case vectorLengthOutOfBounds
    /// A value that the field does not have.
    case illegalValue
    /// A record longer than RFC 9846 §5.1 and §5.2 allow, or than record_size_limit allows.
    case recordOverflow
    /// A handshake message over the limit of `Limits.handshakeMessage`, or one whose answer would be.
    case messageTooLarge
    /// A record that cannot be opened with the current key.
    case recordNotAuthentic
    /// An alert that is not two bytes long.
    case malformedAlert
    /// A name in server_name that is not a host name.
    case malformedServerName
    /// A certificate that does not decode.
    case malformedCertificate(CertificateError)
    /// A raw public key that is no SubjectPublicKeyInfo.
    case malformedRawPublicKey(CertificateError)
    /// A certificate, or a raw public key, whose key is of no kind that is known, or no valid key.
    case unusableCertificateKey
}

/// What the peer did that the protocol forbids.
@nonexhaustive
public enum PeerMisbehaved: Sendable, Hashable {
    /// A handshake message in a state that does not expect it.
    case unexpectedMessage(HandshakeType)
    /// A record of a type that cannot stand here.
    case unexpectedRecord(UInt8)
    /// Application data before the handshake is complete.
    case unexpectedApplicationData
    /// A handshake or alert record without content, or a record of padding alone.
    case emptyRecord
    /// More empty records in a row than `Limits.emptyRecords`.
    case tooManyEmptyRecords
    /// A change_cipher_spec that is not the single byte 1, or where none is allowed, or one too many.
    case unexpectedChangeCipherSpec
    /// More warning alerts than `Limits.warningAlerts`.
    case tooManyWarnings
    /// More messages after the handshake, without application data between, than `Limits.postHandshakeMessages`.
    case tooManyPostHandshakeMessages
    /// A record between the parts of one handshake message.
    case interleavedRecord
    /// Handshake bytes left over where the keys change (RFC 9846 §5.1).
    case messageAcrossKeyChange
    /// The same extension twice in one block.
    case duplicateExtension(ExtensionType)
    /// An extension in a message where it may not stand.
    case misplacedExtension(ExtensionType)
    /// An answer to an extension that was not offered.
    case unsolicitedExtension(ExtensionType)
    /// A mandatory extension is missing.
    case missingExtension(ExtensionType)
    /// pre_shared_key is not the last extension of a ClientHello.
    case preSharedKeyNotLast
    /// legacy_compression_methods or legacy_compression_method is not null.
    case compressionOffered
    /// legacy_version of a ServerHello is not 0x0303.
    case wrongLegacyVersion
    /// legacy_session_id_echo is not what the client sent.
    case sessionIDNotEchoed
    /// The ServerHello of a TLS 1.3 server that negotiated less.
    case downgrade
    /// A cipher suite that was not offered.
    case cipherSuiteNotOffered
    /// A version that was not offered.
    case versionNotOffered
    /// Two key shares of one group.
    case duplicateKeyShare
    /// A key share for a group that supported_groups does not list.
    case keyShareForUnlistedGroup
    /// A key share for a group for which the client sent none.
    case keyShareForUnofferedGroup
    /// A key share that is no point of its group, or gives an all-zero secret.
    case invalidKeyShare
    /// An application protocol that was not offered, or more than one.
    case applicationProtocolNotOffered
    /// A record_size_limit below 64.
    case recordSizeLimitTooSmall
    /// certificate_request_context is not what was asked for.
    case wrongCertificateRequestContext
    /// A type of certificate that was not offered.
    case certificateTypeNotOffered
    /// More than one raw public key.
    case severalRawPublicKeys
    /// A server without a certificate.
    case noCertificate
    /// A signature scheme that was not offered.
    case signatureSchemeNotOffered
    /// A signature scheme that does not fit the certificate's key.
    case signatureSchemeUnfitForKey
    /// The certificate's key usage does not allow the key to sign.
    case keyNotForSigning
    /// The signature in CertificateVerify is wrong.
    case invalidSignature
    /// A binder is wrong, or nobody's.
    case wrongBinder
    /// Not as many binders as identities.
    case wrongBinderCount
    /// A pre-shared key that was not offered, or with a cipher suite that does not fit it.
    case preSharedKeyNotOffered
    /// Early data was accepted for another key, suite or protocol than it was sent with.
    case earlyDataMismatch
    /// More early data than was allowed, or than is skipped.
    case tooMuchEarlyData
    /// The verify data in Finished is wrong.
    case wrongFinished
    /// A ClientHello after a HelloRetryRequest that differs where it may not: the extension, or `nil` for a field.
    case helloChanged(ExtensionType?)
    /// A cookie in a first ClientHello, when none was given out.
    case unsolicitedCookie
    /// A cookie that is not ours, too old, bound to something else, or changed.
    case invalidCookie
    /// A ServerHello that does not keep what the HelloRetryRequest before it chose.
    case retryNotKept
    /// A HelloRetryRequest that would not change the ClientHello.
    case needlessRetry
    /// A second HelloRetryRequest.
    case secondRetry
}

/// What the two sides do not have in common.
@nonexhaustive
public enum PeerIncompatible: Sendable, Hashable {
    /// The peer does not speak TLS 1.3.
    case noCommonVersion
    /// No cipher suite in common.
    case noCommonCipherSuite
    /// No group for key agreement in common.
    case noCommonGroup
    /// No credential whose key can sign with a scheme that the client accepts.
    case noCommonSignatureScheme
    /// No type of certificate in common (RFC 7250 §4.2).
    case noCommonCertificateType
    /// The client takes X.509 certificates, as it says nothing else, and no credential has one.
    case certificateRequired
    /// No application protocol in common.
    case noCommonApplicationProtocol
    /// No pre-shared key was offered, and the configuration requires one.
    case preSharedKeyRequired
    /// None of the offered pre-shared keys is known.
    case unknownPreSharedKeyIdentity
    /// The client declined to show a certificate.
    case clientCertificateRequired
    /// No credential for the requested name, and the configuration has no default.
    case unrecognizedName
}

/// A call that does not fit the connection's state.
@nonexhaustive
public enum Misuse: Sendable, Hashable {
    /// Application data cannot be sent before the handshake is complete.
    case notEstablished
    /// `close` was called before.
    case alreadyClosed
    /// Early data was not offered, was not taken, or has ended, or would be more than the server takes.
    case noEarlyData
    /// There is no decision to make, or not of this kind.
    case noSuchDecision
    /// A ClientHello would be longer than 64 KiB: its protocols' and pre-shared keys' names are too many or too long.
    case clientHelloTooLarge
    /// The client has not offered to authenticate after the handshake, or with nothing that the policy accepts, or it
    /// was authenticated with an external pre-shared key (RFC 9846 §4.4.2).
    case cannotRequestCertificate
    /// The client has not answered the requests for a certificate before.
    case tooManyCertificateRequests
    /// An exporter's label is empty or longer than 249 bytes, or more is asked for than HKDF gives.
    case invalidExporterRequest
}

/// Why the peer's certificate was not accepted.
public struct CertificateRejected: Error, Sendable, Equatable {
    /// The problems found, in the order in which the verifier found them; never empty.
    public let problems: [CertificateProblem]

    init(_ problems: [CertificateProblem]) {
        self.problems = problems
    }
}
