/// A cipher suite under the names that the programs have for it.
enum Suite: String, CaseIterable, Sendable {
    case aes128 = "TLS_AES_128_GCM_SHA256"
    case aes256 = "TLS_AES_256_GCM_SHA384"
    case chacha20 = "TLS_CHACHA20_POLY1305_SHA256"

    /// In a priority string of GnuTLS and in what it reports.
    var gnutls: String {
        switch self {
        case .aes128: "AES-128-GCM"
        case .aes256: "AES-256-GCM"
        case .chacha20: "CHACHA20-POLY1305"
        }
    }
}

/// A group under the names that the programs have for it.
enum Group: String, CaseIterable, Sendable {
    case x25519
    case secp256r1
    case x448
    case secp384r1
    case secp521r1

    /// In OpenSSL's lists of groups.
    var openssl: String {
        switch self {
        case .x25519: "X25519"
        case .secp256r1: "prime256v1"
        case .x448: "X448"
        case .secp384r1, .secp521r1: rawValue
        }
    }

    /// In a priority string of GnuTLS and, behind `ECDHE-`, in what it reports.
    var gnutls: String { rawValue.uppercased() }
}

/// What both ends of a connection have to agree on.
struct Agreement: CustomStringConvertible {
    let suite: Suite
    let group: Group

    /// Every suite with every group.
    static let all = Suite.allCases.flatMap { suite in Group.allCases.map { Agreement(suite: suite, group: $0) } }

    var description: String { "\(suite.rawValue) \(group.rawValue)" }

    /// What GnuTLS offers or takes, and nothing else.
    var gnutlsPriority: String {
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+\(suite.gnutls):-GROUP-ALL:+GROUP-\(group.gnutls)"
    }
}
