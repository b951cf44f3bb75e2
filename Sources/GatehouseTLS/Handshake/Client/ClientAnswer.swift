/// A decision beside the state that waits for it.
enum ClientAnswer: ~Copyable {
    case accepted(JudgingServer)
    case acceptedDespiteProblems(JudgingServer)
    case verdictAgain(JudgingResumption, despiteProblems: Bool)
    case credential(ChoosingClientCredential, Credential?)
    case signature(ClientSigning, [UInt8])
    case connected(ClientConnected, Decision)
    case refused(AlertDescription)
    /// The state does not wait for this decision; it stays as it was.
    case mismatch(ClientHandshake)

    consuming func proceed(_ core: inout ConnectionCore) throws(TLSError) -> ClientHandshake {
        switch consume self {
        case .accepted(let state): .awaitingServerFinished(state.accept(despiteProblems: false, &core))
        case .acceptedDespiteProblems(let state):
            .awaitingServerFinished(state.accept(despiteProblems: true, &core))
        case .verdictAgain(let state, let despiteProblems):
            try state.accept(despiteProblems: despiteProblems, &core)
        case .credential(let state, let credential): try state.resume(credential, &core)
        case .signature(let state, let signature): .connected(try state.resume(signature, &core))
        case .connected(let state, let decision): .connected(try state.resume(with: decision, &core))
        case .refused(let alert): throw .refused(alert)
        case .mismatch(let state): state
        }
    }
}

extension ClientHandshake {
    consuming func answering(_ decision: Decision) -> ClientAnswer {
        switch consume self {
        case .judgingServer(let state):
            switch decision {
            case .accept: .accepted(state)
            case .acceptDespiteProblems: .acceptedDespiteProblems(state)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.judgingServer(state))
            }
        case .judgingResumption(let state):
            switch decision {
            case .accept: .verdictAgain(state, despiteProblems: false)
            case .acceptDespiteProblems: .verdictAgain(state, despiteProblems: true)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.judgingResumption(state))
            }
        case .choosingCredential(let state):
            switch decision {
            case .clientCredential(let credential): .credential(state, credential)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.choosingCredential(state))
            }
        case .signing(let state):
            switch decision {
            case .signature(let signature): .signature(state, signature)
            case .reject(let alert): .refused(alert)
            default: .mismatch(.signing(state))
            }
        case .connected(let state):
            state.waits(for: decision) ? .connected(state, decision) : .mismatch(.connected(state))
        case let state: .mismatch(state)
        }
    }
}
