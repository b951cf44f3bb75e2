public import GatehouseCrypto

/// What the verifier demands beyond the signatures.
public struct VerificationPolicy: Sendable, Hashable {
    /// Which rules a certificate's contents are held to.
    public enum Profile: Sendable, Hashable {
        /// RFC 5280's path validation (§6), and those rules of its profile (§4) on which the meaning of a certificate
        /// depends. For private CAs as well as for the web's.
        case rfc5280
        /// In addition the rules of RFC 5280 §4 and of the CA/Browser Forum's Baseline Requirements that a CA of the
        /// web keeps, so that a certificate that breaks them was not made by one in good order.
        case web
    }

    /// What is done about revocation.
    public enum Revocation: Sendable, Hashable {
        /// Nothing.
        case off
        /// Lists and responses that were given are used; a certificate that none is about passes. A must-staple
        /// certificate needs its response.
        case ifAvailable
        /// Every certificate of the chain but the anchor needs a valid list or response.
        case required
    }

    /// Which rules a certificate's contents are held to.
    public var profile = Profile.rfc5280
    /// What is done about revocation.
    public var revocation = Revocation.ifAvailable
    /// How many intermediates a chain may have, self-issued ones not counted (as RFC 5280 §6.1 counts path lengths);
    /// up to 255.
    public var maximumIntermediates = 16
    /// What the leaf's key must be allowed to be used for, if the leaf says what it may. TLS 1.3 signs with it.
    public var leafKeyUsage: KeyUsage = .digitalSignature
    /// The RSA moduli that are accepted, in bits.
    public var rsaBits = 2048...8192
    /// The broken hash functions that signatures may be made with all the same: none, unless there is no other way to
    /// talk to old equipment. Whoever accepts one believes certificates that somebody else may have forged.
    public var dangerouslyAcceptedDigests: ObsoleteDigests = []
    /// The work that a verification may take.
    public var budget = PathBudget()

    /// The certificate policies that count when one is required, by `requiresExplicitPolicy` or by a CA of the chain
    /// (RFC 5280 §6.1.1 (c)); nil: any.
    public var acceptablePolicies: Set<ObjectIdentifier>?
    /// Whether the chain must be valid under a policy (RFC 5280 §6.1.1 (f)).
    public var requiresExplicitPolicy = false
    /// Whether policies must not be mapped (RFC 5280 §6.1.1 (e)).
    public var inhibitsPolicyMapping = false
    /// Whether anyPolicy counts for nothing (RFC 5280 §6.1.1 (g)).
    public var inhibitsAnyPolicy = false

    /// The default policy.
    public init() {}

    /// RFC 5280, revocation if there is something to check with, RSA from 2048 to 8192 bits.
    public static let `default` = VerificationPolicy()

    /// The default policy with the web's profile.
    public static var web: VerificationPolicy {
        var policy = VerificationPolicy()
        policy.profile = .web
        return policy
    }
}

/// What a certificate is used for.
public enum Purpose: Sendable, Hashable {
    /// A server shows it to a client.
    case serverAuthentication
    /// A client shows it to a server.
    case clientAuthentication

    var extendedKeyUsage: ExtendedKeyUsage {
        switch self {
        case .serverAuthentication: .serverAuthentication
        case .clientAuthentication: .clientAuthentication
        }
    }
}
