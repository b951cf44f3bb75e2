/// A decision beside the state that waits for it.
enum ServerAnswer: ~Copyable {
    case openedTickets(OpeningTickets, [[UInt8]?])
    case sealedTickets(SealingTickets, [[UInt8]?])
    case preSharedKey(ChoosingPreSharedKey, PreSharedKey?)
    case credential(ChoosingCredential, Credential)
    case signature(Signing, [UInt8])
    case accepted(JudgingClient)
    case acceptedDespiteProblems(JudgingClient)
    case acceptedAnonymous(JudgingAnonymous)
    case acceptedAnonymousDespiteProblems(JudgingAnonymous)
    case connected(ServerConnected, Decision)
    case refused(AlertDescription)
    /// The state does not wait for this decision; it stays as it was.
    case mismatch(ServerHandshake)

    consuming func proceed(_ core: inout ConnectionCore) throws(TLSError) -> ServerHandshake {
        switch consume self {
        case .openedTickets(let state, let sessions): try state.resume(sessions, &core)
        case .sealedTickets(let state, let tickets): try state.resume(tickets, &core)
        case .preSharedKey(let state, let key): try state.resume(key, &core)
        case .credential(let state, let credential): try state.resume(credential, &core)
        case .signature(let state, let signature): try state.resume(signature, &core)
        case .accepted(let state): .awaitingClientFinished(state.accept(despiteProblems: false, &core))
        case .acceptedDespiteProblems(let state):
            .awaitingClientFinished(state.accept(despiteProblems: true, &core))
        case .acceptedAnonymous(let state): .awaitingClientFinished(state.accept(despiteProblems: false, &core))
        case .acceptedAnonymousDespiteProblems(let state):
            .awaitingClientFinished(state.accept(despiteProblems: true, &core))
        case .connected(let state, let decision): .connected(try state.resume(with: decision, &core))
        case .refused(let alert): throw .refused(alert)
        case .mismatch(let state): state
        }
    }
}

extension ServerHandshake {
    consuming func answering(_ decision: Decision) -> ServerAnswer {
        switch consume self {
        case .openingTickets(let state):
            switch decision {
            case .openedTickets(let sessions): .openedTickets(state, sessions)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.openingTickets(state))
            }
        case .sealingTickets(let state):
            switch decision {
            case .sealedTickets(let tickets): .sealedTickets(state, tickets)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.sealingTickets(state))
            }
        case .choosingPreSharedKey(let state):
            switch decision {
            case .preSharedKey(let key): .preSharedKey(state, key)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.choosingPreSharedKey(state))
            }
        case .choosingCredential(let state):
            switch decision {
            case .credential(let credential): .credential(state, credential)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.choosingCredential(state))
            }
        case .signing(let state):
            switch decision {
            case .signature(let signature): .signature(state, signature)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.signing(state))
            }
        case .judgingClient(let state):
            switch decision {
            case .accept: .accepted(state)
            case .acceptDespiteProblems: .acceptedDespiteProblems(state)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.judgingClient(state))
            }
        case .judgingAnonymous(let state):
            switch decision {
            case .accept: .acceptedAnonymous(state)
            case .acceptDespiteProblems: .acceptedAnonymousDespiteProblems(state)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.judgingAnonymous(state))
            }
        case .connected(let state):
            state.waits(for: decision) ? .connected(state, decision) : .mismatch(.connected(state))
        case let state: .mismatch(state)
        }
    }
}
