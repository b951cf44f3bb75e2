// The client's states, in the order of RFC 9846 §A.1:
//
//     AwaitingServerHello
//       | ServerHello               or a HelloRetryRequest: a second ClientHello is sent
//     AwaitingSecondServerHello
//       | ServerHello
//     AwaitingEncryptedExtensions
//       | EncryptedExtensions       with a pre-shared key, go on at AwaitingServerFinished
//     AwaitingCertificate           a CertificateRequest may come first
//       | Certificate
//     AwaitingCertificateVerify
//       | CertificateVerify
//     JudgingServer                 a pause, when the configuration asks for a verdict
//       | a verdict
//     AwaitingServerFinished
//       | Finished
//     JudgingResumption             a pause, when a session's certificates are to be judged again
//       | a verdict
//     ChoosingClientCredential      a pause, when the server and the configuration ask for one
//       | a credential, or none
//     ClientSigning                 a pause, when the key is held elsewhere
//       | a signature               the client's Finished has been sent
//     ClientConnected

/// What the client waits for.
enum ClientHandshake: ~Copyable, HandshakeRole {
    case awaitingServerHello(AwaitingServerHello)
    case awaitingSecondServerHello(AwaitingSecondServerHello)
    case awaitingEncryptedExtensions(AwaitingEncryptedExtensions)
    case awaitingCertificate(AwaitingCertificate)
    case awaitingCertificateVerify(AwaitingCertificateVerify)
    case judgingServer(JudgingServer)
    case awaitingServerFinished(AwaitingServerFinished)
    case judgingResumption(JudgingResumption)
    case choosingCredential(ChoosingClientCredential)
    case signing(ClientSigning)
    case connected(ClientConnected)
    case failed(TLSError)

    consuming func handling(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        switch consume self {
        case .awaitingServerHello(let state): try state.handle(message, &core)
        case .awaitingSecondServerHello(let state): .awaitingEncryptedExtensions(try state.handle(message, &core))
        case .awaitingEncryptedExtensions(let state): try state.handle(message, &core)
        case .awaitingCertificate(let state): try state.handle(message, &core)
        case .awaitingCertificateVerify(let state): try state.handle(message, &core)
        case .awaitingServerFinished(let state): try state.handle(message, &core)
        case .connected(let state): .connected(try state.handle(message, &core))
        case .failed(let error): throw error
        default: throw .misuse(.noSuchDecision)
        }
    }

    consuming func resuming(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        switch consume self {
        case .judgingServer(let state): .awaitingServerFinished(try state.resume(with: decision, &core))
        case .judgingResumption(let state): try state.resume(with: decision, &core)
        case .choosingCredential(let state): try state.resume(with: decision, &core)
        case .signing(let state): .connected(try state.resume(with: decision, &core))
        case .connected(let state): .connected(try state.resume(with: decision, &core))
        default: throw .misuse(.noSuchDecision)
        }
    }

    consuming func updatingKeys(
        requestingPeers: Bool, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        switch consume self {
        case .connected(var state):
            try state.keys.update(requestingPeers: requestingPeers, &core)
            return .connected(state)
        default: throw .misuse(.notEstablished)
        }
    }

    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        switch self {
        case .connected(let state): try state.keys.export(label: label, context: context, count: count)
        default: throw .misuse(.notEstablished)
        }
    }
}
