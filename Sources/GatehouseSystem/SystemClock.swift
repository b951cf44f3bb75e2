import Glibc

/// The system's clocks.
package enum SystemClock {
    /// Time since some fixed moment; it never goes back. For deadlines and durations.
    package static var monotonic: Duration { read(CLOCK_MONOTONIC) }

    /// Seconds since 1970, UTC. For certificates and tickets.
    package static var unixTime: Int64 { read(CLOCK_REALTIME).components.seconds }

    /// The processor time that this thread has used. For benchmarks.
    package static var threadProcessorTime: Duration { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Duration {
        var time = timespec()
        // All these clocks exist on every Linux; the call cannot fail with a valid pointer.
        _ = clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
