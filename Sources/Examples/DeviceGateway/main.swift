import Foundation
import Gatehouse

// swift run device-gateway-example KEYS [PORT], where each line of KEYS is IDENTITY:HEX, with at least 32 digits
let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first, let port = UInt16(arguments.dropFirst().first ?? "8443") else { exit(2) }

// No certificates: a device and the gateway know each other by the key that both were given.
var configuration = SSLConfiguration()
configuration.preSharedKeyPolicy = .required
for line in try String(contentsOfFile: path, encoding: .utf8).split(whereSeparator: \.isNewline) {
    let parts = line.split(separator: ":").map(String.init)
    guard parts.count == 2, let key = Data(hexadecimal: parts[1]) else { exit(2) }
    configuration.preSharedKeys.append(try PreSharedKey(identity: Array(parts[0].utf8), key: Array(key)))
}

let server = try SSLServer(configuration: configuration)
await server.run { $0.idleTimeout = .seconds(300) }
try await server.listen(port: port)
print("listening on port \(await server.serverPort)")

await server.serve { connection in
    let identity = await connection.socket.session?.preSharedKeyIdentity ?? []
    let device = String(decoding: identity, as: UTF8.self)
    for try await reading in connection.lines(maximumLength: 256) {
        print("\(device): \(reading)")
        try await connection.write("ok\n".utf8)
    }
}

extension Data {
    init?(hexadecimal text: String) {
        guard text.count.isMultiple(of: 2) else { return nil }
        self.init()
        var rest = text[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            append(byte)
            rest = rest.dropFirst(2)
        }
    }
}
