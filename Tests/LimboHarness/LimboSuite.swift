import Foundation

/// A file of x509-limbo's cases, as far as a harness needs it.
struct LimboSuite: Decodable {
    let version: Int
    let testcases: [LimboCase]

    init(json: Data) throws {
        self = try JSONDecoder().decode(LimboSuite.self, from: json)
    }
}

/// One case: who is trusted, what is shown, what is asked, what must come out.
struct LimboCase: Decodable {
    enum Outcome: String, Codable {
        case success = "SUCCESS"
        case failure = "FAILURE"
        case skipped = "SKIPPED"
    }

    enum Kind: String, Decodable {
        case client = "CLIENT"
        case server = "SERVER"
    }

    struct PeerName: Decodable {
        let kind: String
        let value: String
    }

    let id: String
    let features: [String]?
    let conflictsWith: [String]?
    let validationKind: Kind
    let trustedCerts: [String]
    let untrustedIntermediates: [String]
    let peerCertificate: String
    let validationTime: String?
    let keyUsage: [String]?
    let extendedKeyUsage: [String]?
    let expectedResult: Outcome
    let expectedPeerName: PeerName?
    let expectedPeerNames: [PeerName]?
    let maxChainDepth: Int?
    let crls: [String]?

    enum CodingKeys: String, CodingKey {
        case id, features, crls
        case conflictsWith = "conflicts_with"
        case validationKind = "validation_kind"
        case trustedCerts = "trusted_certs"
        case untrustedIntermediates = "untrusted_intermediates"
        case peerCertificate = "peer_certificate"
        case validationTime = "validation_time"
        case keyUsage = "key_usage"
        case extendedKeyUsage = "extended_key_usage"
        case expectedResult = "expected_result"
        case expectedPeerName = "expected_peer_name"
        case expectedPeerNames = "expected_peer_names"
        case maxChainDepth = "max_chain_depth"
    }
}

/// What the harness writes.
struct LimboReport: Encodable {
    struct Result: Encodable {
        let id: String
        let actualResult: LimboCase.Outcome
        let context: String?

        enum CodingKeys: String, CodingKey {
            case id, context
            case actualResult = "actual_result"
        }

        /// `context` is written even when there is none.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encode(actualResult, forKey: .actualResult)
            try container.encode(context, forKey: .context)
        }
    }

    let version = 1
    let harness = "gatehouse-0.1"
    let results: [Result]
}
