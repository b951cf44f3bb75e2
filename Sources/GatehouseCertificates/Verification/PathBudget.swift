import GatehouseCrypto

/// How much work one verification may cause. Whoever sends certificates chooses how hard they are to judge: without a
/// bound a hundred certificates of one name cost years.
///
/// The defaults end the worst case within about 10 ms on a small server, and are far from what real chains need: a
/// chain with two intermediates takes three signature checks and some dozen steps and comparisons. A chain of sixteen
/// intermediates with keys on P-384 or P-521 needs a larger one.
public struct PathBudget: Sendable, Hashable {
    /// How often a certificate may be tried as the next one of a chain.
    public var steps = 200_000
    /// How often a name may be compared with a constraint or with the name asked for.
    public var nameComparisons = 250_000
    /// What signature checks may cost in all, in microseconds by the table below.
    public var signatureMicroseconds = 9_000

    /// The default budget.
    public init() {}

    /// The budget is used up.
    struct Exceeded: Error {}

    mutating func spendStep() throws(Exceeded) {
        try spendSteps(1)
    }

    mutating func spendSteps(_ count: Int) throws(Exceeded) {
        guard steps >= count else { throw Exceeded() }
        steps -= count
    }

    /// Pays for validating a path of `count` certificates: it takes as long as some dozen steps for each.
    mutating func spendValidation(of count: Int) throws(Exceeded) {
        try spendSteps(40 * count)
    }

    mutating func spendNameComparisons(_ count: Int = 1) throws(Exceeded) {
        guard nameComparisons >= count else { throw Exceeded() }
        nameComparisons -= count
    }

    /// Pays for one check with a key of this kind; the figures are measured and rounded up.
    mutating func spendSignature(_ algorithm: KeyAlgorithm) throws(Exceeded) {
        let cost =
            switch algorithm {
            case .p256: 80
            case .p384: 900
            case .p521: 2_000
            case .ed25519: 130
            case .ed448: 600
            case .mlDSA(.mlDSA44): 150
            case .mlDSA(.mlDSA65): 250
            case .mlDSA(.mlDSA87): 400
            // RSA's cost grows with the square of the modulus: 30 µs for 2048 bits.
            case .rsa(let bits), .rsaPSS(let bits): max(20, bits / 256 * (bits / 256) / 2)
            }
        guard signatureMicroseconds >= cost else { throw Exceeded() }
        signatureMicroseconds -= cost
    }
}
