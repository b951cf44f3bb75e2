// The server's states, in the order of RFC 9846 §A.2:
//
//     AwaitingClientHello
//       | ClientHello               without a share that fits: HelloRetryRequest is sent
//     AwaitingSecondClientHello     or AwaitingClientHelloWithCookie, which holds no state
//       | ClientHello
//     OpeningTickets                a pause, when tickets are sealed elsewhere
//       | sessions, or none
//     ChoosingPreSharedKey          a pause, when the configuration asks for one
//       | a key, or none
//     ChoosingCredential            a pause, when the configuration asks for one
//       | a credential
//     Signing                       a pause, when the key is held elsewhere
//       | a signature               ServerHello ... Finished have been sent
//     AwaitingEndOfEarlyData        when early data is taken
//       | EndOfEarlyData
//     AwaitingClientCertificate     when the client was asked for one
//       | Certificate
//     JudgingAnonymous              a pause, when there is none in it and the configuration asks for a verdict
//       | a verdict                 then AwaitingClientFinished
//     AwaitingClientCertificateVerify
//       | CertificateVerify
//     JudgingClient                 a pause, when the configuration asks for a verdict
//       | a verdict
//     AwaitingClientFinished
//       | Finished
//     SealingTickets                a pause, when tickets are sealed elsewhere
//       | tickets, or none
//     ServerConnected

/// What the server waits for.
enum ServerHandshake: ~Copyable, HandshakeRole {
    case awaitingClientHello(AwaitingClientHello)
    case awaitingSecondClientHello(AwaitingSecondClientHello)
    case awaitingClientHelloWithCookie(AwaitingClientHelloWithCookie)
    case openingTickets(OpeningTickets)
    case choosingPreSharedKey(ChoosingPreSharedKey)
    case choosingCredential(ChoosingCredential)
    case signing(Signing)
    case awaitingEndOfEarlyData(AwaitingEndOfEarlyData)
    case awaitingClientCertificate(AwaitingClientCertificate)
    case awaitingClientCertificateVerify(AwaitingClientCertificateVerify)
    case judgingAnonymous(JudgingAnonymous)
    case judgingClient(JudgingClient)
    case awaitingClientFinished(AwaitingClientFinished)
    case sealingTickets(SealingTickets)
    case connected(ServerConnected)
    case failed(TLSError)

    consuming func handling(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        switch consume self {
        case .awaitingClientHello(let state): try state.handle(message, &core)
        case .awaitingSecondClientHello(let state): try state.handle(message, &core)
        case .awaitingClientHelloWithCookie(let state): try state.handle(message, &core)
        case .awaitingEndOfEarlyData(let state): .awaitingClientFinished(try state.handle(message, &core))
        case .awaitingClientCertificate(let state): try state.handle(message, &core)
        case .awaitingClientCertificateVerify(let state): try state.handle(message, &core)
        case .awaitingClientFinished(let state): try state.handle(message, &core)
        case .connected(let state): .connected(try state.handle(message, &core))
        case .failed(let error): throw error
        default: throw .misuse(.noSuchDecision)
        }
    }

    consuming func resuming(
        with decision: Decision, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        switch consume self {
        case .openingTickets(let state): try state.resume(with: decision, &core)
        case .choosingPreSharedKey(let state): try state.resume(with: decision, &core)
        case .choosingCredential(let state): try state.resume(with: decision, &core)
        case .signing(let state): try state.resume(with: decision, &core)
        case .judgingAnonymous(let state): .awaitingClientFinished(try state.resume(with: decision, &core))
        case .judgingClient(let state): .awaitingClientFinished(try state.resume(with: decision, &core))
        case .sealingTickets(let state): try state.resume(with: decision, &core)
        case .connected(let state): .connected(try state.resume(with: decision, &core))
        default: throw .misuse(.noSuchDecision)
        }
    }

    consuming func updatingKeys(
        requestingPeers: Bool, _ core: inout ConnectionCore
    ) throws(TLSError) -> ServerHandshake {
        switch consume self {
        case .connected(var state):
            try state.keys.update(requestingPeers: requestingPeers, &core)
            return .connected(state)
        default: throw .misuse(.notEstablished)
        }
    }

    mutating func requestCertificate(
        _ policy: ClientCertificatePolicy, _ core: inout ConnectionCore
    ) throws(TLSError) -> [UInt8] {
        switch consume self {
        case .connected(var state):
            do throws(TLSError) {
                let context = try state.requestCertificate(policy, &core)
                self = .connected(state)
                return context
            } catch {
                self = .connected(state)
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
