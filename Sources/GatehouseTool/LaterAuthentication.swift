import Gatehouse
import GatehouseTLS

/// `--post-handshake-auth`, which both roles have: clients show their certificate after the handshake.
enum LaterAuthentication {
    static let serveOption = Option(
        "--post-handshake-auth", help: "ask for certificates after the handshake and not in it; needs --client-ca")
    static let connectOption = Option(
        "--post-handshake-auth", help: "let the server ask for the certificate after the handshake")

    /// - Parameter needed: the option without which there would be nothing to do.
    static func apply(
        _ options: OptionParser.Result, needing needed: String, to configuration: inout SSLConfiguration
    ) throws(UsageError) {
        guard options.has("--post-handshake-auth") else { return }
        guard options.has(needed) else { throw UsageError("--post-handshake-auth needs \(needed)") }
        configuration.postHandshakeAuthenticationEnabled = true
    }

    /// Asks the client of a new connection, and has it served when it has answered. One that cannot be asked is served
    /// as who has no certificate, or turned away if everybody needs one.
    static func ask(
        _ socket: isolated SSLSocket, thenServe serve: @escaping @Sendable (isolated SSLSocket) -> Void
    ) {
        socket.certificateRequestAnswered.connect { socket, _, _ in serve(socket) }
        do {
            try socket.requestClientCertificate()
        } catch {
            if socket.sslConfiguration.missingCertificateIsFatal {
                socket.abort(with: .certificateRequired)
            } else {
                serve(socket)
            }
        }
    }
}
