import Gatehouse
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS
import TestSupport
import Testing

/// Keys that both sides have been given outside the protocol. Of 6.1-5, TLS 1.3 has no hint to the client, and a key stands
/// in place of certificates: there is no problem with them to ignore.
@Suite(.onOwnThreads, .patient) struct PreSharedKeyTests {
    /// With a NUL in it, and a byte that is no text.
    private static let identity: [UInt8] = [0x64, 0, 0x65, 0xFF]
    private static let secret = [UInt8](repeating: 7, count: 32)

    private static func client(
        _ secret: [UInt8] = secret, hash: HashAlgorithm = .sha256,
        _ change: (inout SSLConfiguration) -> Void = { _ in }
    ) throws -> SSLConfiguration {
        var configuration = try Fixture.client()
        configuration.preSharedKeys = [try PreSharedKey(identity: identity, key: secret, hash: hash)]
        change(&configuration)
        return configuration
    }

    /// A server without certificates.
    private static func server(_ change: (inout SSLConfiguration) -> Void = { _ in }) -> SSLConfiguration {
        var configuration = SSLConfiguration()
        configuration.preSharedKeyPolicy = .required
        change(&configuration)
        return configuration
    }

    private static let signal = "psk \(identity)"

    @Test(
        "G-7, 5.8, SV-10, 6.1-5, P12 the slot supplies the key: identities are bytes, and the hash is part of the key",
        arguments: [HashAlgorithm.sha256, .sha384], [1, 2])
    func supplied(hash: HashAlgorithm, threads: Int) async throws {
        for isLater in [false, true] {
            let attempt = try await Attempt(Self.server(), Self.client(hash: hash), threads: threads) { server in
                server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                    #expect(authenticator.identity == Self.identity)
                    #expect(throws: ConfigurationError.preSharedKeyTooShort(bytes: 15, minimum: 16)) {
                        try authenticator.supply([UInt8](repeating: 1, count: 15))
                    }
                    if isLater {
                        Task.detached {
                            try await Task.sleep(for: .milliseconds(20))
                            try authenticator.supply(Self.secret, hash: hash)
                        }
                    } else {
                        #expect(throws: Never.self) { try authenticator.supply(Self.secret, hash: hash) }
                    }
                }
            }
            #expect(attempt.story == [Self.signal, "pending"])
            let socket = try #require(await attempt.socket())
            #expect(await socket.session?.preSharedKeyIdentity == Self.identity)
            #expect(await attempt.client.session?.preSharedKeyIdentity == Self.identity)
            #expect(await socket.peerCertificate == nil)
            await attempt.end()
        }
    }

    @Test("G-7 it works with every verify mode, and a key in the configuration needs no signal")
    func everyMode() async throws {
        for mode in [PeerVerifyMode.none, .query, .verify, .auto] {
            for hasCertificate in [false, true] {
                let configuration = Self.server {
                    $0.peerVerifyMode = mode
                    $0.caCertificates = [ClientIdentity.authority]
                    if hasCertificate {
                        $0.credentials = [Fixture.credential]
                        $0.preSharedKeyPolicy = nil
                    }
                }
                let attempt = try await Attempt(configuration, Self.client()) { server in
                    server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                        #expect(throws: Never.self) { try authenticator.supply(Self.secret) }
                    }
                }
                #expect(attempt.story == [Self.signal, "pending"], "\(mode)")
                #expect(await attempt.socket()?.session?.preSharedKeyIdentity == Self.identity)
                await attempt.end()
            }
        }
        let configured = try await Attempt(
            Self.server {
                $0.preSharedKeyPolicy = nil
                $0.preSharedKeys = (try? Self.client().preSharedKeys) ?? []
            }, Self.client())
        #expect(configured.story == ["pending"])
        await configured.end()
    }

    @Test("G-7, F-08, P11 required: nothing supplied, a wrong key and a refusal end in the same alert")
    func required() async throws {
        for answer in ["nothing", "wrong", "reject"] {
            for reveals in [false, true] {
                let configuration = Self.server { $0.revealsUnknownPreSharedKeyIdentity = reveals }
                let attempt = try await Attempt(configuration, Self.client()) { server in
                    server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                        switch answer {
                        case "wrong":
                            #expect(throws: Never.self) {
                                try authenticator.supply([UInt8](repeating: 8, count: 32))
                            }
                        case "reject": authenticator.reject()
                        default: break
                        }
                    }
                }
                let alert = reveals && answer != "wrong" ? "unknown_psk_identity" : "decrypt_error"
                #expect(
                    attempt.story == [Self.signal, "alertSent fatal \(alert)", "error sslHandshakeFailed"], "\(answer)")
                #expect(try await attempt.clientEnd().contains("alertReceived fatal \(alert)"))
                await attempt.end()
            }
        }
        // A client without a key has nothing to be asked about.
        let without = try await Attempt(Self.server(), Fixture.client())
        #expect(without.story == ["alertSent fatal handshake_failure", "error sslHandshakeFailed"])
        await without.end()
    }

    @Test("G-7 with a certificate: a key that nobody supplies is ignored; a refusal or a wrong key is not")
    func orCertificate() async throws {
        let ignored = try await Attempt(Fixture.server(), Self.client())
        #expect(ignored.story == [Self.signal, "pending"])
        #expect(await ignored.client.session?.peerCertificates == Fixture.credential.chain)
        #expect(await ignored.client.session?.preSharedKeyIdentity == nil)
        await ignored.end()
        let refused = try await Attempt(Fixture.server(), Self.client()) { server in
            server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in authenticator.reject() }
        }
        #expect(refused.story.suffix(2) == ["alertSent fatal decrypt_error", "error sslHandshakeFailed"])
        await refused.end()
        // A server that insists on a key although it has a certificate.
        var insisting = try Fixture.server()
        insisting.preSharedKeyPolicy = .required
        let required = try await Attempt(insisting, Self.client())
        #expect(required.story.suffix(2) == ["alertSent fatal decrypt_error", "error sslHandshakeFailed"])
        await required.end()
    }

    @Test("SV-10 several identities are asked about one after the other, until one is known")
    func several() async throws {
        let second = try PreSharedKey(identity: [2], key: Self.secret)
        let third = try PreSharedKey(identity: [3], key: Self.secret)
        let client = try Self.client { $0.preSharedKeys += [second, third] }
        let attempt = try await Attempt(Self.server(), client) { server in
            server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                if authenticator.identity == [2] {
                    #expect(throws: Never.self) { try authenticator.supply(Self.secret) }
                }
            }
        }
        #expect(attempt.story == [Self.signal, "psk [2]", "pending"])
        #expect(await attempt.socket()?.session?.preSharedKeyIdentity == [2])
        await attempt.end()
    }

    @Test("SV-10, F-04 after a HelloRetryRequest nobody is asked again")
    func retry() async throws {
        for supplies in [true, false] {
            let attempt = try await Attempt(
                Self.server {
                    $0.groups = [.x25519]
                    if !supplies {
                        $0.credentials = [Fixture.credential]
                        $0.preSharedKeyPolicy = .orCertificate
                    }
                }, Self.client { $0.groups = [.secp256r1, .x25519] }
            ) { server in
                server.preSharedKeyAuthenticationRequired.connect { _, _, authenticator in
                    if supplies { #expect(throws: Never.self) { try authenticator.supply(Self.secret) } }
                }
            }
            #expect(attempt.story == [Self.signal, "pending"])
            #expect(await attempt.client.session?.roundTrips == 2)
            await attempt.end()
        }
    }

    @Test("psk_ke: without a key agreement, when both sides dangerously allow it")
    func withoutAgreement() async throws {
        let attempt = try await Attempt(
            Self.server {
                $0.dangerouslyAllowsPSKOnlyKeyExchange = true
                $0.preSharedKeys = (try? Self.client().preSharedKeys) ?? []
                $0.groups = [.x25519]
            },
            Self.client {
                $0.dangerouslyAllowsPSKOnlyKeyExchange = true
                $0.groups = [.secp256r1]
            })
        #expect(attempt.isAccepted)
        #expect(await attempt.client.session?.group == nil)
        await attempt.end()
    }
}
