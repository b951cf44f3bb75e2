internal import CSpawn
public import Foundation
internal import Synchronization

/// A program that this process has started.
///
/// Foundation's `Process` does not serve: whenever it starts a program it lists this process's descriptors, and it reads past
/// the end of that list when there are some 1,300.
public final class ChildProcess: Sendable {
    private struct Exit {
        var status: Int32?
        var action: (@Sendable (Int32) -> Void)?
    }

    /// Its number.
    public let identifier: Int32
    private let exit: Mutex<Exit>
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Starts the program in `folder`, with these standard streams, which are its alone from then on, and no other
    /// descriptor.
    public init(
        _ executable: URL, _ arguments: [String], in folder: URL, input: FileHandle, output: FileHandle,
        errors: FileHandle, whenEnded action: (@Sendable (_ status: Int32) -> Void)? = nil
    ) throws {
        defer { for stream in [input, output, errors] { try? stream.close() } }
        // Where this process has no standard streams of its own, one of these may stand in the place of another.
        let streams = [input, output, errors].map { fcntl($0.fileDescriptor, F_DUPFD_CLOEXEC, 3) }
        defer { for descriptor in streams where descriptor >= 0 { close(descriptor) } }
        guard streams.allSatisfy({ $0 >= 0 }) else {
            throw Tool.Failure(description: "\(executable.path) cannot be started: \(String(cString: strerror(errno)))")
        }
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addchdir_np(&files, folder.path)
        for (number, descriptor) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&files, descriptor, Int32(number))
        }
        posix_spawn_file_actions_addclosefrom_np(&files, 3)

        // Signals do what they do in a program that a shell starts.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        var argv = ([executable.path] + arguments).map { strdup($0) } + [nil]
        var envp = environment.map { strdup($0) } + [nil]
        defer { for text in argv + envp { free(text) } }
        var identifier: Int32 = 0
        let failure = posix_spawn(&identifier, executable.path, &files, &attributes, &argv, &envp)
        guard failure == 0 else {
            throw Tool.Failure(
                description: "\(executable.path) cannot be started: \(String(cString: strerror(failure)))")
        }
        self.identifier = identifier
        exit = Mutex(Exit(action: action))
        Thread.detachNewThread { [self] in awaitExit() }
    }

    /// The exit code, or the number of the signal that ended it; `nil` while it runs.
    public var status: Int32? { exit.withLock { $0.status } }

    /// Whether it has not ended yet.
    public var isRunning: Bool { status == nil }

    /// Sends it a signal, if it still runs.
    public func send(_ signal: Int32) {
        exit.withLock { exit in
            if exit.status == nil { kill(identifier, signal) }
        }
    }

    /// Waits for its end on the spot; returns the status.
    public func waitUntilExit() -> Int32 {
        while true {
            if let status { return status }
            hasEnded.wait()
            hasEnded.signal()
        }
    }

    private func awaitExit() {
        // It stays a zombie, and its number its own, until the status is known here.
        var information = siginfo_t()
        while waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == -1 && errno == EINTR {}
        let action = exit.withLock { exit in
            var status: Int32 = 0
            while waitpid(identifier, &status, 0) == -1 && errno == EINTR {}
            exit.status = status & 0x7F == 0 ? status >> 8 & 0xFF : status & 0x7F
            return exit.action.take()
        }
        hasEnded.signal()
        if let action, let status { action(status) }
    }
}
