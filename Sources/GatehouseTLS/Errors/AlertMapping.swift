import GatehouseCertificates

extension TLSError {
    /// The alert that this error sends to the peer, or `nil` when it sends none: the peer ended the connection
    /// itself, or the error is a misuse that leaves the connection as it was.
    public var alert: AlertDescription? {
        switch self {
        case .invalidMessage(let reason): reason.alert
        case .peerMisbehaved(let reason): reason.alert
        case .peerIncompatible(let reason): reason.alert
        case .certificate(let rejected): rejected.alert
        case .refused(let alert): alert
        case .tooLongToSend, .crypto: .internalError
        case .alertReceived, .misuse: nil
        }
    }
}

extension InvalidMessage {
    fileprivate var alert: AlertDescription {
        switch self {
        // RFC 9846 §6.2: "decode_error: A message could not be decoded because some field was out of the specified
        // range or the length of the message was incorrect."
        case .truncated, .trailingBytes, .vectorLengthOutOfBounds, .malformedAlert, .malformedRawPublicKey: .decodeError
        case .illegalValue, .messageTooLarge, .malformedServerName: .illegalParameter
        // §5.2: "An endpoint that receives a record that exceeds this length MUST terminate the connection with a
        // "record_overflow" alert."
        case .recordOverflow: .recordOverflow
        // §5.2: "If the decryption fails, the receiver MUST terminate the connection with a "bad_record_mac" alert."
        case .recordNotAuthentic: .badRecordMAC
        // §6.2: "bad_certificate: A certificate was corrupt", "unsupported_certificate: A certificate was of an
        // unsupported type".
        case .malformedCertificate: .badCertificate
        case .unusableCertificateKey: .unsupportedCertificate
        }
    }
}

extension PeerMisbehaved {
    fileprivate var alert: AlertDescription {
        switch self {
        case .unexpectedMessage, .unexpectedRecord, .unexpectedApplicationData, .emptyRecord, .tooManyEmptyRecords,
            .unexpectedChangeCipherSpec, .tooManyWarnings, .tooManyPostHandshakeMessages, .interleavedRecord,
            .messageAcrossKeyChange, .secondRetry, .tooMuchEarlyData:
            .unexpectedMessage
        case .duplicateExtension, .misplacedExtension, .preSharedKeyNotLast, .compressionOffered, .sessionIDNotEchoed,
            .downgrade, .cipherSuiteNotOffered, .versionNotOffered, .duplicateKeyShare,
            .keyShareForUnlistedGroup, .keyShareForUnofferedGroup, .invalidKeyShare, .applicationProtocolNotOffered,
            .recordSizeLimitTooSmall, .wrongCertificateRequestContext, .signatureSchemeNotOffered,
            .signatureSchemeUnfitForKey, .keyNotForSigning, .helloChanged, .unsolicitedCookie, .invalidCookie,
            .wrongBinderCount,
            .preSharedKeyNotOffered, .earlyDataMismatch, .retryNotKept, .needlessRetry, .certificateTypeNotOffered,
            .severalRawPublicKeys:
            .illegalParameter
        case .wrongLegacyVersion: .protocolVersion
        case .unsolicitedExtension: .unsupportedExtension
        case .missingExtension: .missingExtension
        // RFC 9846 §4.5.1.4: "If the server supplies an empty Certificate message, the client MUST abort the
        // handshake with a "decode_error" alert."
        case .noCertificate: .decodeError
        // §6.2: "decrypt_error: A handshake (not record layer) cryptographic operation failed, including being unable to
        // correctly verify a signature or validate a Finished message or a PSK binder."
        case .invalidSignature, .wrongFinished, .wrongBinder: .decryptError
        }
    }
}

extension PeerIncompatible {
    fileprivate var alert: AlertDescription {
        switch self {
        case .noCommonVersion: .protocolVersion
        case .noCommonCipherSuite, .noCommonGroup, .noCommonSignatureScheme, .preSharedKeyRequired,
            .certificateRequired:
            .handshakeFailure
        // RFC 7250 §4.2: "the server terminates the session with a fatal alert of type "unsupported_certificate"."
        case .noCommonCertificateType: .unsupportedCertificate
        case .unknownPreSharedKeyIdentity: .unknownPSKIdentity
        case .clientCertificateRequired: .certificateRequired
        case .noCommonApplicationProtocol: .noApplicationProtocol
        case .unrecognizedName: .unrecognizedName
        }
    }
}
