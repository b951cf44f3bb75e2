import CSystem
import Glibc

/// The signals that ask a process to end.
package enum TerminationSignals {
    private static let signals = [SIGINT, SIGTERM]

    /// Written once, before any handler is installed; after that only read.
    private nonisolated(unsafe) static var event: Int32 = -1

    /// From now on SIGINT and SIGTERM end ``wait()`` instead of the process.
    package static func catchAll() throws(SystemError) {
        event = eventfd(0, Int32(EFD_CLOEXEC))
        guard event >= 0 else { throw SystemError("make an eventfd") }
        var action = sigaction()
        // eventfd_write is a write(2), which signal-safety(7) allows here.
        action.__sigaction_handler.sa_handler = { _ in _ = eventfd_write(TerminationSignals.event, 1) }
        action.sa_flags = SA_RESTART
        for signal in signals { sigaction(signal, &action, nil) }
    }

    /// Waits for one of the two. A second one ends the process as if none were caught.
    package static func wait() {
        var value: eventfd_t = 0
        while eventfd_read(event, &value) != 0 && errno == EINTR {}
        for signal in signals { _ = Glibc.signal(signal, SIG_DFL) }
    }
}
