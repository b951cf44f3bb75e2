import CSystem
import Glibc

// MARK: - Descriptors that go from process to process over a Unix socket

extension StreamSocket {
    /// Sends a copy of another socket's descriptor, with one byte.
    package func send(copyOf other: borrowing StreamSocket, with byte: UInt8) -> Transfer {
        while true {
            let count = send_descriptor(descriptor, byte, other.descriptor)
            if count >= 0 { return .moved(count) }
            if errno == EAGAIN { return .wouldBlock }
            guard errno == EINTR else { return .failed(SystemError("hand a descriptor over")) }
        }
    }

    /// A descriptor that came, with its byte. Whoever takes it closes it.
    package struct Received: Sendable {
        package let descriptor: Int32
        package let byte: UInt8
    }

    /// Takes a descriptor that was sent here; `nil` when nothing has come.
    package func receiveDescriptor() throws(SystemError) -> Received? {
        let operation = "take a descriptor over"
        while true {
            var byte: UInt8 = 0
            var received: Int32 = -1
            let count = receive_descriptor(descriptor, &byte, &received)
            if count > 0 && received >= 0 { return Received(descriptor: received, byte: byte) }
            if count >= 0 { throw SystemError(operation, code: ECONNRESET) }
            if errno == EAGAIN { return nil }
            guard errno == EINTR else { throw SystemError(operation) }
        }
    }

    /// Whether the process at the other end of this Unix socket belongs to our user, or to root.
    package var isPeerOurs: Bool {
        var credentials = peer_credentials()
        var length = socklen_t(MemoryLayout<peer_credentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return false }
        return credentials.user == 0 || credentials.user == geteuid()
    }
}
