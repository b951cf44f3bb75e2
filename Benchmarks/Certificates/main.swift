import GatehouseCertificates
import GatehouseCrypto

// What a verdict costs beside the signature checks that it makes, and the worst that a peer can make it cost.
//
//     swift run -c release certificate-bench [--only KEY] [--rounds N]
//
// With `--only`, one kind of key is measured, and nothing hostile; with `--rounds`, that often and not 201 times:
// so that a profiler can look on.

let algorithms: [KeyAlgorithm] = [.p256, .p384, .p521, .ed25519, .ed448, .rsa(bits: 2048), .rsa(bits: 4096)]
let options = CommandLine.arguments

func option(_ name: String) -> String? {
    options.firstIndex(of: name).flatMap { options.dropFirst($0 + 1).first }
}

let only = option("--only")
let rounds = option("--rounds").flatMap { Int($0) } ?? 201

let now: UnixTime = 1_800_000_000
let clock = ContinuousClock()

/// The median time of one call of `body`, in microseconds.
func median(rounds: Int = rounds, calls: Int = 10, _ body: () -> Void) -> Double {
    let times = (0..<rounds).map { _ in
        let time = clock.measure { for _ in 0..<calls { body() } }
        return Double(time.components.attoseconds) / 1e12 / Double(calls) + Double(time.components.seconds) * 1e6
    }
    return times.sorted()[rounds / 2]
}

func row(_ name: String, _ microseconds: Double, _ note: String = "") {
    let padded = name.padding(to: 52)
    print("\(padded) \((microseconds * 100).rounded() / 100) µs  \(note)")
}

extension String {
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

func percentage(_ value: Double, _ base: Double) -> String {
    "\(((value / base - 1) * 1000).rounded() / 10) %"
}

for algorithm in algorithms where only.map({ $0 == algorithm.description }) ?? true {
    let chain = try SampleChain(algorithm, now: now)
    let verifier = CertificateVerifier(trustStore: TrustStore(anchors: [chain.root]))
    func verdict(_ certificates: [Certificate]) {
        let verdict = verifier.verify(
            certificates, name: .dns("www.example.com"), purpose: .serverAuthentication, at: now)
        guard verdict.isVerified else { fatalError("\(verdict)") }
    }
    let signatures = median { chain.checkSignatures() }
    let known = median { verdict([chain.leaf, chain.intermediate]) }
    let parsing = median { chain.parse() }
    let parsingOne = median { _ = try? Certificate(der: chain.intermediate.der) }
    let signaturesWithNewKey = median { chain.checkSignaturesWithNewKey() } - parsingOne
    let fresh = median { verdict(chain.parse()) }
    print("\(algorithm), leaf and intermediate below a trusted root")
    row("  two signature checks alone", signatures)
    row("  verdict on parsed certificates", known, percentage(known, signatures))
    row("  parsing both", parsing)
    row("  two signature checks, one with a key not seen before", signaturesWithNewKey)
    row("  parsing and verdict on a chain not seen before", fresh, percentage(fresh, signaturesWithNewKey))
}

if only == nil { print("the worst that a peer can ask for") }
for hostile in only == nil ? try HostileChain.all(algorithms, now: now) : [] {
    let verifier = CertificateVerifier(trustStore: hostile.store)
    var outcome = ""
    let time = median(rounds: 11, calls: 1) {
        let verdict = verifier.verify(hostile.chain, name: .dns("x.example"), purpose: .serverAuthentication, at: now)
        outcome = verdict.problems.first.map { "\($0.code)" } ?? "verified"
    }
    row("  \(hostile.name)", time, outcome)
}
