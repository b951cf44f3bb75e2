import Gatehouse
import GatehouseTLS
import Synchronization

/// What happened, in order, as text; any thread adds.
final class Recorder: Sendable {
    private let entries = Mutex<[String]>([])

    var all: [String] { entries.withLock { $0 } }

    func add(_ entry: String) { entries.withLock { $0.append(entry) } }

    func count(_ entry: String) -> Int { all.count { $0 == entry } }

    /// Records every signal of a server.
    func follow(_ server: SSLServer) {
        server.newConnection.connect { [self] server in add("newConnection") }
        server.startedEncryptionHandshake.connect { [self] _, socket in add("started") }
        server.pendingConnectionAvailable.connect { [self] _ in add("pending") }
        server.errorOccurred.connect { [self] _, socket, error in add("error \(error)") }
        server.alertSent.connect { [self] _, _, alert in add("alertSent \(alert.level) \(alert.description)") }
        server.alertReceived.connect { [self] _, _, alert in add("alertReceived \(alert.level) \(alert.description)") }
        server.acceptError.connect { [self] _, error in add("acceptError \(error)") }
        server.peerVerifyError.connect { [self] _, _, error in add("peerVerifyError \(error.code)") }
        server.sslErrors.connect { [self] _, _, decision in add("sslErrors \(decision.codes)") }
        server.handshakeInterruptedOnError.connect { [self] _, _, interruption in
            add("interrupted \(interruption.error.code)")
        }
        server.preSharedKeyAuthenticationRequired.connect { [self] _, _, authenticator in
            add("psk \(authenticator.identity)")
        }
    }

    /// Records every signal of a socket but those of reading and writing, and `modeChanged`.
    func follow(_ socket: SSLSocket) {
        socket.hostFound.connect { [self] _ in add("hostFound") }
        socket.connected.connect { [self] _ in add("connected") }
        socket.encrypted.connect { [self] _ in add("encrypted") }
        socket.stateChanged.connect { [self] _, state in add("state \(state)") }
        socket.errorOccurred.connect { [self] _, error in add("error \(error)") }
        socket.alertSent.connect { [self] _, alert in add("alertSent \(alert.level) \(alert.description)") }
        socket.alertReceived.connect { [self] _, alert in add("alertReceived \(alert.level) \(alert.description)") }
        socket.readChannelFinished.connect { [self] _ in add("readChannelFinished") }
        socket.disconnected.connect { [self] _, ending in add("disconnected \(ending)") }
        socket.certificateRequestAnswered.connect { [self] _, answer, _ in add("certificate \(answer)") }
        socket.peerVerifyError.connect { [self] _, error in add("peerVerifyError \(error.code)") }
        socket.sslErrors.connect { [self] _, decision in add("sslErrors \(decision.codes)") }
        socket.handshakeInterruptedOnError.connect { [self] _, interruption in
            add("interrupted \(interruption.error.code)")
        }
    }
}

/// Waits, without a bound of its own, until the condition holds; a test's time limit ends it.
func eventually(_ condition: @Sendable () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(2)) }
}

/// An object that a test does not keep alive.
final class WeakReference<Object: AnyObject & Sendable>: Sendable {
    private struct Reference {
        weak var object: Object?
    }

    private let reference = Mutex(Reference())

    var object: Object? {
        get { reference.withLock { $0.object } }
        set { reference.withLock { $0.object = newValue } }
    }
}

extension SSLErrorsDecision {
    /// What is wrong, as text.
    var codes: String { errors.map { "\($0.code)" }.joined(separator: ", ") }
}
