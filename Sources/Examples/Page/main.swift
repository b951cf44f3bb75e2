import Foundation
import Gatehouse

// swift run page-example CHAIN.pem KEY.pem [PORT]
let arguments = CommandLine.arguments.dropFirst()
let files = try arguments.prefix(2).map { try [UInt8](Data(contentsOf: URL(filePath: $0))) }
guard files.count == 2, let port = UInt16(arguments.dropFirst(2).first ?? "8443") else { exit(2) }

let server = try SSLServer(
    configuration: SSLConfiguration(
        localCertificateChain: SSLCertificate.certificates(pem: files[0]),
        privateKey: SSLKey(pem: files[1]),
        allowedNextProtocols: ["http/1.1"]))
await server.run { $0.idleTimeout = .seconds(30) }
try await server.listen(port: port)
print("listening on port \(await server.serverPort)")

await server.serve { connection in
    var header: [String] = []
    for try await line in connection.lines(maximumLength: 8192) {
        if line.isEmpty || header.count == 100 { break }
        header.append(line)
    }
    let cipher = await connection.socket.sessionCipher?.description ?? ""
    let page = "<!doctype html><title>Gatehouse</title><p>This page came over TLS 1.3 with \(cipher).\n"
    let isGet = header.first?.hasPrefix("GET ") == true
    try await connection.write(
        """
        HTTP/1.1 \(isGet ? "200 OK" : "405 Method Not Allowed")\r
        Content-Type: text/html; charset=utf-8\r
        Content-Length: \(isGet ? page.utf8.count : 0)\r
        Connection: close\r
        \r
        \(isGet ? page : "")
        """.utf8)
}
