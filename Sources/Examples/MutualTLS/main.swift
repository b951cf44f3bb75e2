import Foundation
import Gatehouse

// swift run mutual-tls-example CHAIN.pem KEY.pem CLIENT-CA.pem [PORT]
let arguments = CommandLine.arguments.dropFirst()
let files = try arguments.prefix(3).map { try [UInt8](Data(contentsOf: URL(filePath: $0))) }
guard files.count == 3, let port = UInt16(arguments.dropFirst(3).first ?? "8443") else { exit(2) }

var configuration = try SSLConfiguration(
    localCertificateChain: SSLCertificate.certificates(pem: files[0]),
    privateKey: SSLKey(pem: files[1]))
// Only who shows a certificate that this authority has issued gets in.
configuration.caCertificates = try SSLCertificate.certificates(pem: files[2])
configuration.peerVerifyMode = .verify
configuration.missingCertificateIsFatal = true

let server = try SSLServer(configuration: configuration)
server.errorOccurred.connect { _, socket, error in
    print("refused \(socket.peerPort): \(error)")
}
try await server.listen(port: port)
print("listening on port \(await server.serverPort)")

await server.serve { connection in
    let name = await connection.socket.session?.peerCertificates.first?.subject.commonName ?? "stranger"
    try await connection.write("hello \(name)\n".utf8)
    for try await line in connection.lines() {
        try await connection.write("\(name) says \(line)\n".utf8)
    }
}
