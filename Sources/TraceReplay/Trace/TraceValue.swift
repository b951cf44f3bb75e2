/// The values that a trace prints beside its messages and records. The raw values are the names of the JSON file.
package enum TraceValue: String, CaseIterable, Sendable {
    // What the two sides chose.
    case clientRandom = "client_random"
    case serverRandom = "server_random"
    case clientFirstHelloPrivateKey = "client_first_hello_x25519_private_key"
    case clientFirstHelloPublicKey = "client_first_hello_x25519_public_key"
    case clientPrivateKey = "client_key_share_private"
    case clientPublicKey = "client_key_share_public"
    case serverPrivateKey = "server_key_share_private"
    case serverPublicKey = "server_key_share_public"
    case sharedSecret = "ecdhe_shared_secret"

    // The hashes of the messages so far (RFC 9846 §4.1).
    case emptyHash = "transcript_hash_of_nothing"
    case binderHash = "binder_transcript_hash"
    case clientHelloHash = "transcript_hash_client_hello"
    case helloHash = "transcript_hash_client_hello_server_hello"
    case serverCertificateVerifyHash = "transcript_hash_for_server_certificate_verify"
    case serverFinishedHash = "transcript_hash_server_finished"
    case clientCertificateVerifyHash = "transcript_hash_for_client_certificate_verify"
    case clientFinishedHash = "transcript_hash_client_finished"

    // The key schedule, from above (RFC 9846 §7.1).
    case preSharedKey = "psk"
    case earlySecret = "early_secret"
    case binderKey = "binder_key"
    case binderFinishedKey = "binder_finished_key"
    case binder = "binder"
    case clientEarlyTraffic = "client_early_traffic_secret"
    case earlyExporter = "early_exporter_main_secret"
    case derivedForHandshake = "derived_secret_for_handshake"
    case handshakeSecret = "handshake_secret"
    case clientHandshakeTraffic = "client_handshake_traffic_secret"
    case serverHandshakeTraffic = "server_handshake_traffic_secret"
    case derivedForMain = "derived_secret_for_main"
    case mainSecret = "main_secret"
    case clientApplicationTraffic = "client_application_traffic_secret_0"
    case serverApplicationTraffic = "server_application_traffic_secret_0"
    case exporter = "exporter_main_secret"
    case resumption = "resumption_main_secret"
    case ticketNonce = "ticket_nonce"
    case ticketPreSharedKey = "resumption_psk_of_ticket"

    // What the traffic secrets give (RFC 9846 §7.3 and §4.5.3).
    case clientEarlyKey = "client_early_key"
    case clientEarlyIV = "client_early_iv"
    case clientHandshakeKey = "client_handshake_key"
    case clientHandshakeIV = "client_handshake_iv"
    case serverHandshakeKey = "server_handshake_key"
    case serverHandshakeIV = "server_handshake_iv"
    case clientApplicationKey = "client_application_key"
    case clientApplicationIV = "client_application_iv"
    case serverApplicationKey = "server_application_key"
    case serverApplicationIV = "server_application_iv"
    case clientFinishedKey = "client_finished_key"
    case clientVerifyData = "client_finished"
    case serverFinishedKey = "server_finished_key"
    case serverVerifyData = "server_finished"

    // What was sent.
    case earlyApplicationData = "early_application_data"
    case clientApplicationData = "client_application_data"
    case serverApplicationData = "server_application_data"

    /// The level that checks the value.
    package var level: TraceLevel {
        switch self {
        case .clientRandom, .serverRandom: .messages
        case .earlyApplicationData, .clientApplicationData, .serverApplicationData: .records
        default: .keySchedule
        }
    }

    static let ofEveryTrace: [TraceValue] = [
        .clientPrivateKey, .serverPrivateKey, .sharedSecret,
        .helloHash, .serverFinishedHash, .clientFinishedHash,
        .earlySecret, .derivedForHandshake, .handshakeSecret, .clientHandshakeTraffic, .serverHandshakeTraffic,
        .derivedForMain, .mainSecret, .clientApplicationTraffic, .serverApplicationTraffic, .exporter, .resumption,
        .clientHandshakeKey, .clientHandshakeIV, .serverHandshakeKey, .serverHandshakeIV,
        .clientApplicationKey, .clientApplicationIV, .serverApplicationKey, .serverApplicationIV,
        .clientFinishedKey, .serverFinishedKey,
    ]

    static let ofPreSharedKey: [TraceValue] = [
        .preSharedKey, .binderHash, .binderKey, .binderFinishedKey, .binder, .clientEarlyTraffic, .earlyExporter,
        .clientEarlyKey, .clientEarlyIV,
    ]

    static let ofTicket: [TraceValue] = [.ticketPreSharedKey]

    static let ofApplicationData: [TraceValue] = [.clientApplicationData, .serverApplicationData]
}
