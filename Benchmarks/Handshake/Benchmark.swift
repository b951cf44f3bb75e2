import GatehouseCertificates
import GatehouseCrypto
import GatehouseSystem
import GatehouseTLS

/// Handshakes of one kind, with their floor.
struct Benchmark {
    let name: String
    private let pair: HandshakePair
    private let calls: [LibcryptoCall]

    init(_ suite: CipherSuite, _ group: NamedGroup, _ identity: Identity) throws {
        name = Self.name(suite, group, identity.name)
        pair = try HandshakePair(suite, group, identity)
        guard let parameters = CipherSuiteParameters(suite) else {
            throw ConfigurationError.unsupportedCipherSuite(suite)
        }
        calls = try Floor.calls(parameters, group, identity)
    }

    static func name(_ suite: CipherSuite, _ group: NamedGroup, _ key: String) -> String {
        "full/\(suite)/\(group.commonName)/\(key)"
    }

    /// Handshakes and floor take turns, a small batch of each, so that what else the machine does hits both alike. The
    /// medians over the batches count.
    func run(seconds: Double) throws -> Measurement {
        let batch = 10
        let fewestRounds = 3
        var server: [Duration] = []
        var client: [Duration] = []
        var floor = calls.map { _ in [Duration]() }
        let end = SystemClock.monotonic + .seconds(seconds)
        try warmUp()
        while server.count < fewestRounds || SystemClock.monotonic < end {
            var times = SideTimes()
            for _ in 0..<batch { try pair.run(&times) }
            server.append(times.server / batch)
            client.append(times.client / batch)
            for (index, call) in calls.enumerated() { floor[index].append(try call.time(batch) / batch) }
        }
        let callTimes = zip(calls, floor).map { CallTime(call: $0, microseconds: $1.median) }
        return Measurement(
            results: [
                SideResult(name: name, side: .server, microseconds: server.median, calls: callTimes),
                SideResult(name: name, side: .client, microseconds: client.median, calls: callTimes),
            ],
            calls: callTimes)
    }

    private func warmUp() throws {
        var times = SideTimes()
        for _ in 0..<3 { try pair.run(&times) }
    }
}

/// A call's time.
struct CallTime {
    let call: LibcryptoCall
    let microseconds: Double
}

/// What one side of one kind of handshake costs.
struct SideResult {
    let name: String
    let side: Side
    let microseconds: Double
    let floorMicroseconds: Double

    var perSecond: Double { 1_000_000 / microseconds }
    var ratio: Double { microseconds / floorMicroseconds }

    init(name: String, side: Side, microseconds: Double, calls: [CallTime]) {
        self.name = name
        self.side = side
        self.microseconds = microseconds
        floorMicroseconds = calls.reduce(0) { sum, time in
            time.call.isInFloor ? sum + Double(time.call.count(side)) * time.microseconds : sum
        }
    }
}

/// What a benchmark found.
struct Measurement {
    let results: [SideResult]
    let calls: [CallTime]
}

extension NamedGroup {
    /// The name that people use, such as `P-256` for `secp256r1`.
    var commonName: String {
        switch self {
        case .x25519: "X25519"
        case .x448: "X448"
        case .secp256r1: "P-256"
        case .secp384r1: "P-384"
        case .secp521r1: "P-521"
        default: description
        }
    }
}

extension [Duration] {
    /// The middle one, in microseconds.
    fileprivate var median: Double {
        let middle = sorted()[count / 2]
        return middle / .microseconds(1)
    }
}
