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

    mutating func handle(_ message: ReceivedMessage, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            switch consume self {
            case .awaitingServerHello(let state): self = try state.handle(message, &core)
            case .awaitingSecondServerHello(let state):
                self = .awaitingEncryptedExtensions(try state.handle(message, &core))
            case .awaitingEncryptedExtensions(let state): self = try state.handle(message, &core)
            case .awaitingCertificate(let state): self = try state.handle(message, &core)
            case .awaitingCertificateVerify(let state): self = try state.handle(message, &core)
            case .awaitingServerFinished(let state): self = try state.handle(message, &core)
            case .connected(let state): self = .connected(try state.handle(message, &core))
            case .judgingServer: throw .misuse(.noSuchDecision)
            case .judgingResumption: throw .misuse(.noSuchDecision)
            case .choosingCredential: throw .misuse(.noSuchDecision)
            case .signing: throw .misuse(.noSuchDecision)
            case .failed(let error): throw error
            }
        } catch {
            self = .failed(error)
            throw error
        }
    }

    mutating func resume(with decision: Decision, _ core: inout ConnectionCore) throws(TLSError) {
        switch (consume self).answering(decision) {
        case .mismatch(let state):
            self = state
            throw .misuse(.noSuchDecision)
        case let answer:
            do throws(TLSError) {
                self = try answer.proceed(&core)
            } catch {
                self = .failed(error)
                throw error
            }
        }
    }

    mutating func updateKeys(requestingPeers: Bool, _ core: inout ConnectionCore) throws(TLSError) {
        switch consume self {
        case .connected(var state):
            do throws(TLSError) {
                try state.keys.update(requestingPeers: requestingPeers, &core)
                self = .connected(state)
            } catch {
                self = .failed(error)
                throw error
            }
        case let state:
            self = state
            throw .misuse(.notEstablished)
        }
    }

    func export(label: String, context: [UInt8], count: Int) throws(TLSError) -> [UInt8] {
        switch self {
        case .connected(let state): try state.keys.export(label: label, context: context, count: count)
        default: throw .misuse(.notEstablished)
        }
    }
}
