import Foundation
import Gatehouse

// swift run echo-example CHAIN.pem KEY.pem
let files = try CommandLine.arguments.dropFirst().map { try [UInt8](Data(contentsOf: URL(filePath: $0))) }
guard files.count == 2 else { exit(2) }

let configuration = try SSLConfiguration(
    localCertificateChain: SSLCertificate.certificates(pem: files[0]),
    privateKey: SSLKey(pem: files[1]),
    allowedNextProtocols: ["echo"])

let server = try SSLServer(configuration: configuration)
server.pendingConnectionAvailable.connect { server in
    while let socket = server.nextPendingConnection() {
        socket.perform { socket in
            socket.readyRead.connect { socket in socket.write(socket.readAll()) }
            socket.disconnected.connect { _, ending in print("gone:", ending) }
        }
    }
}
server.errorOccurred.connect { _, socket, error in
    print("no handshake with \(socket.peerPort): \(error)")
}
try await server.listen(port: 4433)
print("listening on port \(await server.serverPort)")
while true { try await Task.sleep(for: .seconds(3600)) }
