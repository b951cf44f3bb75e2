import Dispatch
import Foundation
import Synchronization
public import Testing

/// Runs a suite's tests on threads of their own.
///
/// All tests start at once on as many threads as there are cores. One that waits for sockets and processes would go on
/// only when everything that computes has had its turn there, a minute later, while its peers' clocks run.
public struct OwnThreadsTrait: SuiteTrait, TestTrait, TestScoping {
    /// Each test of a suite has it.
    public var isRecursive: Bool { true }

    /// Runs the test there.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(OwnThreads.shared) { try await function() }
    }
}

extension Trait where Self == OwnThreadsTrait {
    /// For suites whose tests wait for others rather than compute.
    public static var onOwnThreads: Self { Self() }
}

extension Trait where Self == TimeLimitTrait {
    /// Ends a test that hangs, and none that is only slow on a busy machine.
    public static var patient: Self { .timeLimit(.minutes(20)) }
}

private final class OwnThreads: TaskExecutor {
    static let shared = OwnThreads(count: 4)

    private let jobs = Mutex<[UnownedJob]>([])
    private let available = DispatchSemaphore(value: 0)

    private init(count: Int) {
        for _ in 0..<count { Thread.detachNewThread { self.run() } }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        available.signal()
    }

    private func run() {
        while true {
            available.wait()
            jobs.withLock { $0.removeFirst() }.runSynchronously(on: asUnownedTaskExecutor())
        }
    }
}
