import Foundation
import Gatehouse
import GatehouseSystem
import GatehouseTLS

/// Prints each signal as a line of JSON.
final class EventLog: Sendable {
    private struct Line: Encodable {
        let event: String
        /// Seconds since the log began.
        let time: Double
        var peer: String?
        var address: String?
        var port: Int?
        var error: String?
        var reason: String?
        var alert: String?
        var level: String?
        var ending: String?
        var bytes: Int?
        var answer: String?
        var session: [String: String]?
    }

    private let start = SystemClock.monotonic

    private func print(_ event: String, _ socket: SSLSocket? = nil, _ fill: (inout Line) -> Void = { _ in }) {
        let time = (SystemClock.monotonic - start) / .seconds(1)
        var line = Line(event: event, time: (time * 1e6).rounded() / 1e6)
        line.peer = socket?.peerEndpoint?.description
        fill(&line)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let json = try? encoder.encode(line) else { return }
        try? FileDescriptor.standardOutput.write(Array(json) + [UInt8(ascii: "\n")])
    }

    func listening(_ server: SSLServer) async {
        let (address, port, path) = await server.run { ($0.serverAddress, $0.serverPort, $0.serverPath) }
        print("listening") { line in
            line.address = address?.description ?? path
            line.port = address.map { _ in Int(port) }
        }
    }

    private func print(_ event: String, _ socket: SSLSocket, _ alert: Alert) {
        print(event, socket) { line in
            line.alert = alert.description.description
            line.level = "\(alert.level)"
        }
    }

    /// The signals of a server.
    func follow(_ server: SSLServer) {
        server.newConnection.connect { [self] _ in print("newConnection") }
        server.startedEncryptionHandshake.connect { [self] _, socket in print("startedEncryptionHandshake", socket) }
        server.pendingConnectionAvailable.connect { [self] _ in print("pendingConnectionAvailable") }
        server.alertSent.connect { [self] _, socket, alert in print("alertSent", socket, alert) }
        server.alertReceived.connect { [self] _, socket, alert in print("alertReceived", socket, alert) }
        server.errorOccurred.connect { [self] _, socket, error in
            socket.perform { socket in
                let reason = socket.errorString
                self.print("errorOccurred", socket) { line in
                    line.error = "\(error)"
                    line.reason = reason
                }
            }
        }
        server.configurationReloaded.connect { [self] _ in print("configurationReloaded") }
        server.configurationReloadFailed.connect { [self] _, failure in
            print("configurationReloadFailed") { $0.reason = failure.reason }
        }
        server.handedOver.connect { [self] _ in print("handedOver") }
        server.acceptError.connect { [self] server, error in
            let reason = server.errorString
            print("acceptError") { line in
                line.error = "\(error)"
                line.reason = reason
            }
        }
    }

    private func dictionary(of session: NegotiatedSession?) -> [String: String] {
        Dictionary((session?.summary ?? []).map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The signals of a connection from its encryption on.
    func follow(_ socket: isolated SSLSocket) {
        let session = dictionary(of: socket.session)
        print("socket.encrypted", socket) { $0.session = session }
        socket.certificateRequestAnswered.connect { [self] socket, answer, _ in
            let session = dictionary(of: socket.session)
            print("socket.certificateRequestAnswered", socket) { line in
                line.answer = "\(answer)"
                line.session = session
            }
        }
        socket.readyRead.connect { [self] socket in
            let available = socket.bytesAvailable
            print("socket.readyRead", socket) { $0.bytes = available }
        }
        socket.bytesWritten.connect { [self] socket, count in print("socket.bytesWritten", socket) { $0.bytes = count }
        }
        socket.alertSent.connect { [self] socket, alert in print("socket.alertSent", socket, alert) }
        socket.alertReceived.connect { [self] socket, alert in print("socket.alertReceived", socket, alert) }
        socket.errorOccurred.connect { [self] socket, error in
            let reason = socket.errorString
            print("socket.errorOccurred", socket) { line in
                line.error = "\(error)"
                line.reason = reason
            }
        }
        socket.disconnected.connect { [self] socket, ending in
            print("socket.disconnected", socket) { $0.ending = "\(ending)" }
        }
    }
}
