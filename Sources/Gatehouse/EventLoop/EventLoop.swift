public import GatehouseSystem
import Synchronization

/// A thread with an event queue: what servers and sockets live on.
///
/// A loop is the serial executor of the actors pinned to it. Inside a slot every call to an object of the same loop is
/// synchronous; from elsewhere it is an `await`. A slot must not wait for anything: while it runs, nothing else on the
/// loop does.
///
/// The thread ends by itself once nothing refers to the loop: no open socket, no listening server, nobody's variable.
public final class EventLoop: SerialExecutor {
    private enum Work: Sendable {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    /// What the watchers and the thread share. It is locked for moments only, never while somebody else's code runs.
    private struct State {
        var watchers: [UInt64: any DescriptorWatcher] = [:]
        var nextToken: UInt64 = 1
        var deadlines = DeadlineQueue()
        var endOfTurn: [any TurnObserver] = []
        var readBuffer: [UInt8]?
    }

    /// The size in bytes of the read buffer that all sockets of a loop share.
    package static let readBufferSize = 1 << 16

    /// How many connections linger at most after their end.
    private static let lingeringLimit = 256

    private let poller: Poller
    private let work = Mutex<[Work]>([])
    private let state = Mutex(State())
    private let thread = Atomic<UInt>(0)
    /// The connections of this loop that linger after their end.
    let lingering = Mutex(BoundedLine<LingeringClose>(limit: lingeringLimit))

    /// Starts a loop on a thread of its own.
    public init() throws(SystemError) {
        let poller = try Poller()
        self.poller = poller
        try SystemThread.start { [weak self] in
            // Between turns the thread holds the poller only, so that a loop nobody refers to can go.
            self?.thread.store(SystemThread.current, ordering: .relaxed)
            var ready: [Readiness] = []
            var timeout: Int32? = 0
            while true {
                poller.wait(milliseconds: timeout, into: &ready)
                guard let loop = self else { return }
                timeout = loop.turn(ready)
            }
        }
    }

    deinit {
        poller.wake()
    }

    // MARK: Executor

    /// Takes a job of an actor that lives here.
    public func enqueue(_ job: consuming ExecutorJob) {
        add(.job(UnownedJob(job)))
    }

    /// The reference that actors return from `unownedExecutor`.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        // Every actor that hands this reference out holds its loop strongly.
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Lets `assumeIsolated` work in the loop's own callbacks.
    public func checkIsolated() {
        precondition(isCurrent, "called from another thread than the loop's")
    }

    /// Whether the caller runs on this loop.
    public func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Whether the caller runs on this loop's thread.
    public var isCurrent: Bool { thread.load(ordering: .relaxed) == SystemThread.current }

    /// Runs `body` on the loop, after everything that was posted before.
    package func post(_ body: @escaping @Sendable () -> Void) {
        add(.call(body))
    }

    private func add(_ item: Work) {
        let isFirst = work.withLock { queue in
            queue.append(item)
            return queue.count == 1
        }
        if isFirst && !isCurrent { poller.wake() }
    }

    // MARK: One turn

    /// Serves what is ready, what is due and what was posted, then lets sockets write what gathered.
    /// - Returns: how many milliseconds the thread may sleep; `nil` for as long as it takes.
    private func turn(_ ready: [Readiness]) -> Int32? {
        for readiness in ready {
            // An earlier watcher of this turn may have removed a later one: then it is not called any more.
            let watcher = state.withLock { $0.watchers[readiness.token] }
            watcher?.descriptorReady(readiness)
        }
        for deadline in state.withLock({ $0.deadlines.takeExpired(at: SystemClock.monotonic) }) { deadline.expire() }
        for item in work.withLock({ take(&$0) }) {
            switch item {
            // The reference is used during the call only, and each job runs exactly once.
            case .job(let job): unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            case .call(let body): body()
            }
        }
        for observer in state.withLock({ take(&$0.endOfTurn) }) { observer.turnEnds() }
        return sleepTime()
    }

    private func sleepTime() -> Int32? {
        guard work.withLock({ $0.isEmpty }) else { return 0 }
        let (isBusy, next) = state.withLock { (!$0.endOfTurn.isEmpty, $0.deadlines.next) }
        if isBusy { return 0 }
        return next.map { ($0 - SystemClock.monotonic).pollTime }
    }
}

/// Takes an array's contents out and leaves it empty.
private func take<Element>(_ array: inout [Element]) -> [Element] {
    var taken: [Element] = []
    swap(&taken, &array)
    return taken
}

// MARK: - What objects on the loop ask for

/// Somebody who is called when a descriptor is ready, on the loop's thread.
package protocol DescriptorWatcher: AnyObject, Sendable {
    func descriptorReady(_ readiness: Readiness)
}

/// Somebody who is called once at the end of the turn in which it asked for it.
package protocol TurnObserver: AnyObject, Sendable {
    func turnEnds()
}

extension EventLoop {
    /// A descriptor that is being watched.
    package struct Watch: Sendable, Hashable {
        fileprivate let token: UInt64
        fileprivate let descriptor: Int32
    }

    /// Starts to watch a descriptor. The loop holds the watcher until ``unwatch(_:)``.
    package func watch(
        _ descriptor: Int32, for interest: Interest, by watcher: any DescriptorWatcher
    ) throws(SystemError) -> Watch {
        let token = state.withLock { state in
            defer { state.nextToken += 1 }
            state.watchers[state.nextToken] = watcher
            return state.nextToken
        }
        do {
            try poller.add(descriptor, interest: interest, token: token)
        } catch {
            state.withLock { _ = $0.watchers.removeValue(forKey: token) }
            throw error
        }
        return Watch(token: token, descriptor: descriptor)
    }

    /// Changes what a watched descriptor is watched for.
    package func change(_ watch: Watch, to interest: Interest) throws(SystemError) {
        try poller.modify(watch.descriptor, interest: interest, token: watch.token)
    }

    /// Stops watching; the descriptor must still be open. The watcher is not called any more.
    package func unwatch(_ watch: Watch) {
        poller.remove(watch.descriptor)
        let watcher = state.withLock { $0.watchers.removeValue(forKey: watch.token) }
        // The last reference to the watcher may go here, outside the lock.
        _ = consume watcher
    }

    /// Calls `action` on the loop when the time is over, unless the deadline is cancelled before.
    package func deadline(after time: Duration, _ action: @escaping @Sendable () -> Void) -> Deadline {
        let deadline = Deadline(at: SystemClock.monotonic + time, action)
        state.withLock { $0.deadlines.add(deadline, after: time) }
        if !isCurrent { poller.wake() }
        return deadline
    }

    /// Calls the observer at the end of this turn. It asks once per turn.
    package func callAtEndOfTurn(_ observer: any TurnObserver) {
        state.withLock { $0.endOfTurn.append(observer) }
        if !isCurrent { poller.wake() }
    }

    /// Lends the loop's read buffer; it comes back with ``giveBack(_:)``. A second borrower gets a fresh one.
    package func borrowReadBuffer() -> [UInt8] {
        let kept = state.withLock { state in
            defer { state.readBuffer = nil }
            return state.readBuffer
        }
        return kept ?? [UInt8](repeating: 0, count: Self.readBufferSize)
    }

    /// Takes the read buffer back.
    package func giveBack(_ buffer: consuming [UInt8]) {
        let buffer = buffer
        state.withLock { $0.readBuffer = buffer }
    }
}
