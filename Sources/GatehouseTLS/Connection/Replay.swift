package import GatehouseCrypto

/// What a published connection fixes, in place of what is random: with it a connection sends the trace's bytes.
///
/// Keys, secrets, binders, Finished and records are still computed, and so is all that the hellos of a server say.
package struct Replay: Sendable {
    /// The random of our hello.
    let random: [UInt8]
    /// The private key of each group that there is a share for.
    package var privateKeys: [NamedGroup: [UInt8]] = [:]
    /// The cookie of the HelloRetryRequest; a stateful server has none of its own.
    package var cookie: [UInt8]?
    private var clientHello: ClientHello?
    private var secondClientHello: ClientHello?
    /// The ticket that is given out: its nonce, age_add, and the ticket itself are taken.
    let ticket: NewSessionTicket?

    /// A server that sends this random, and gives out this ticket.
    ///
    /// - Throws: `TLSError` when the NewSessionTicket does not decode.
    package init(random: [UInt8], newSessionTicket: [UInt8]?) throws(TLSError) {
        self.random = random
        if let newSessionTicket {
            ticket = try ReceivedMessage(newSessionTicket).decode(as: NewSessionTicket.self)
        } else {
            ticket = nil
        }
    }

    /// A client that sends these hellos: one, or those around a HelloRetryRequest.
    ///
    /// - Throws: `TLSError` when one does not decode.
    package init(clientHello: [UInt8], second: [UInt8]?) throws(TLSError) {
        let hello = try ReceivedMessage(clientHello).decode(as: ClientHello.self)
        random = hello.random
        ticket = nil
        self.clientHello = hello
        if let second { secondClientHello = try ReceivedMessage(second).decode(as: ClientHello.self) }
    }

    /// The client's hello, with our key shares; pre-shared keys and their binders come behind it anew.
    func clientHello(with shares: [KeyShareEntry]) -> ClientHello? {
        var hello = clientHello
        hello?.keyShares = shares
        return hello
    }

    /// Gives a second hello its layout: the order of its extensions, and those that are not known here, padding among
    /// them.
    func layOut(_ hello: inout ClientHello) {
        if let secondClientHello { hello.extensions = secondClientHello.extensions }
    }

    /// The client's session whose ticket its hello offers, with the age that it says; `nil` when it offers none.
    package func session(
        preSharedKey: [UInt8], cipherSuite: CipherSuite, serverName: String, maximumEarlyDataSize: UInt32,
        _ configuration: ClientConfiguration
    ) -> ClientSession? {
        guard let identity = clientHello?.preSharedKeys?.identities.first else { return nil }
        return ClientSession(
            ticket: identity.identity,
            state: SessionState(
                cipherSuite: cipherSuite, preSharedKey: SharedSecret(copying: preSharedKey), ticketID: [],
                issuedAt: 0, lifetime: UInt32(Limits.sessionAge), ticketAgeAdd: identity.obfuscatedTicketAge,
                authenticatedAt: 0, authenticationEnds: .max, binding: configuration.binding(serverName),
                applicationProtocol: nil, maxEarlyDataSize: maximumEarlyDataSize, replayGuardID: [],
                peer: .none, serverCertificateType: .x509))
    }
}

extension ClientSession {
    /// The key that the session is resumed with, to be compared with a published one.
    package var preSharedKey: [UInt8] {
        state.preSharedKey.secret.withSpan { [UInt8](copying: $0) }
    }
}

extension SessionStore {
    /// A store with the server's side of a published session, as a server with this configuration would have kept it.
    package convenience init(replaying session: ClientSession, _ configuration: ServerConfiguration) {
        var state = session.state
        state.binding = configuration.binding(session.serverName)
        state.replayGuardID = configuration.earlyData?.replayGuard.id ?? []
        self.init(capacity: 1)
        keep(state, as: session.ticket)
    }
}
