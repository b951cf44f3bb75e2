import Glibc

/// Threads of the operating system.
package enum SystemThread {
    /// A number that tells the running thread from every other living thread.
    package static var current: UInt { UInt(pthread_self()) }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }

    /// Runs `body` on a new, detached thread.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        // The reference is handed to the thread, which takes it back exactly once; on failure we do.
        let context = Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw SystemError("start a thread", code: result)
        }
        pthread_detach(thread)
    }
}
