// The server's states, in the order of RFC 9846 §A.2:
//
//     AwaitingClientHello
//       | ClientHello               without a share that fits: HelloRetryRequest is sent
//     AwaitingSecondClientHello
//       | ClientHello
//     ChoosingCredential            a pause, when the configuration asks for one
//       | a credential              ServerHello ... Finished are sent
//     AwaitingClientFinished
//       | Finished
//     ServerConnected

/// What the server waits for.
enum ServerHandshake: ~Copyable, HandshakeRole {
    case awaitingClientHello(AwaitingClientHello)
    case awaitingSecondClientHello(AwaitingSecondClientHello)
    case choosingCredential(ChoosingCredential)
    case awaitingClientFinished(AwaitingClientFinished)
    case connected(ServerConnected)
    case failed(TLSError)

    mutating func handle(_ message: ReceivedMessage, _ core: inout ConnectionCore) throws(TLSError) {
        do throws(TLSError) {
            switch consume self {
            case .awaitingClientHello(let state): self = try state.handle(message, &core)
            case .awaitingSecondClientHello(let state): self = try state.handle(message, &core)
            case .awaitingClientFinished(let state): self = .connected(try state.handle(message, &core))
            case .connected(let state): self = .connected(try state.handle(message, &core))
            case .choosingCredential: throw .misuse(.noSuchDecision)
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
        case .choosingCredential(let state):
            switch decision {
            case .credential(let credential):
                do throws(TLSError) {
                    self = .awaitingClientFinished(try state.resume(credential, &core))
                } catch {
                    self = .failed(error)
                    throw error
                }
            case .reject(let alert):
                self = .failed(.refused(alert))
                throw .refused(alert)
            case .accept:
                self = .choosingCredential(state)
                throw .misuse(.noSuchDecision)
            }
        case let state:
            self = state
            throw .misuse(.noSuchDecision)
        }
    }
}
