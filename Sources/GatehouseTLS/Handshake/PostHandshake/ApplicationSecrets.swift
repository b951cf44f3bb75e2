import GatehouseCrypto

/// The secrets that the server's Finished fixes (RFC 9846 §7.1).
struct ApplicationSecrets: ~Copyable, Sendable {
    let client: TrafficSecret
    let server: TrafficSecret
    let exporter: Secret

    init(_ mainSecret: borrowing MainSecret, _ serverFinishedHash: [UInt8]) {
        client = mainSecret.clientTraffic(serverFinishedHash)
        server = mainSecret.serverTraffic(serverFinishedHash)
        exporter = mainSecret.exporter(serverFinishedHash)
    }

    func log(_ clientRandom: [UInt8], _ keyLog: inout KeyLog) {
        keyLog.add(.clientTraffic, clientRandom, client)
        keyLog.add(.serverTraffic, clientRandom, server)
        keyLog.add(.exporter, clientRandom, exporter)
    }
}
