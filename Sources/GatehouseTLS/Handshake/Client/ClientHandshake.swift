// The client's states, in the order of RFC 9846 §A.1:
//
//     AwaitingServerHello
//       | ServerHello               or a HelloRetryRequest: a second ClientHello is sent
//     AwaitingSecondServerHello
//       | ServerHello
//     AwaitingEncryptedExtensions
//       | EncryptedExtensions
//     AwaitingCertificate           a CertificateRequest may come first
//       | Certificate
//     AwaitingCertificateVerify
//       | CertificateVerify
//     JudgingPeer                   a pause, when the configuration asks for a verdict
//       | a verdict
//     AwaitingServerFinished
//       | Finished                  the client's Finished is sent
//     ClientConnected

/// What the client waits for.
enum ClientHandshake: ~Copyable, HandshakeRole {
    case awaitingServerHello(AwaitingServerHello)
    case awaitingSecondServerHello(AwaitingSecondServerHello)
    case awaitingEncryptedExtensions(AwaitingEncryptedExtensions)
    case awaitingCertificate(AwaitingCertificate)
    case awaitingCertificateVerify(AwaitingCertificateVerify)
    case judgingPeer(JudgingPeer)
    case awaitingServerFinished(AwaitingServerFinished)
    case connected(ClientConnected)
    case failed(TLSError)

    mutating func handle(_ message: ReceivedMessage, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            switch consume self {
            case .awaitingServerHello(let state): self = try state.handle(message, &core)
            case .awaitingSecondServerHello(let state):
                self = .awaitingEncryptedExtensions(try state.handle(message, &core))
            case .awaitingEncryptedExtensions(let state):
                self = .awaitingCertificate(try state.handle(message, &core))
            case .awaitingCertificate(let state): self = try state.handle(message, &core)
            case .awaitingCertificateVerify(let state): self = try state.handle(message, &core)
            case .awaitingServerFinished(let state): self = .connected(try state.handle(message, &core))
            case .connected(let state): self = .connected(try state.handle(message, &core))
            case .judgingPeer: throw .misuse(.noSuchDecision)
            case .failed(let error): throw error
            }
        } catch {
            self = .failed(error)
            throw error
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

    mutating func resume(with decision: Decision, _ core: inout ConnectionCore) throws(TLSError) {
        switch consume self {
        case .judgingPeer(let state):
            switch decision {
            case .accept: self = .awaitingServerFinished(state.accept(&core))
            case .reject(let alert):
                self = .failed(.refused(alert))
                throw .refused(alert)
            case .credential:
                self = .judgingPeer(state)
                throw .misuse(.noSuchDecision)
            }
        case let state:
            self = state
            throw .misuse(.noSuchDecision)
        }
    }
}
