import GatehouseCrypto
import GatehouseSystem
import Synchronization

@testable import GatehouseTLS

/// Everything that a connection can ask for, held where the engine does not see it.
final class RemoteKeys: TicketSealer {
    let credential: Credential
    private let key: PrivateKey
    private let sessions = Mutex<[[UInt8]: [UInt8]]>([:])

    init() throws {
        key = try PrivateKey.generate(.p256)
        credential = try TestCredentials.external(key, [.ecdsaSecp256r1SHA256])
    }

    func seal(_ session: [UInt8]) -> [UInt8]? {
        let ticket = SystemRandomness.bytes(20)
        sessions.withLock { $0[ticket] = session }
        return ticket
    }

    func open(_ ticket: [UInt8]) -> [UInt8]? {
        sessions.withLock { $0[ticket] }
    }

    /// The right answer.
    func answer(_ need: Need) -> Decision? {
        switch need {
        case .credential: .credential(credential)
        case .clientCredential: .clientCredential(credential)
        case .peerVerdict: .accept
        case .preSharedKey: (try? PreSharedKeyTests.preSharedKey()).map { .preSharedKey($0) }
        case .signature(let request):
            (try? HandshakeSignature.sign(request.content, with: key, request.scheme)).map { .signature($0) }
        case .ticketSealing(let sessions): .sealedTickets(sessions.map(seal))
        case .ticketOpening(let tickets): .openedTickets(tickets.map(open))
        }
    }
}

extension Need {
    /// The case's name.
    var kind: String { String("\(self)".prefix { $0 != "(" }) }
}
