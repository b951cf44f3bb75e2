import GatehouseSystem
import Synchronization

/// Something that happens at a moment unless it is cancelled before.
package final class Deadline: Sendable {
    let moment: Duration
    private let action: Mutex<(@Sendable () -> Void)?>

    init(at moment: Duration, _ action: @escaping @Sendable () -> Void) {
        self.moment = moment
        self.action = Mutex(action)
    }

    var isCancelled: Bool { action.withLock { $0 == nil } }

    /// The action will not run, and what it holds is let go at once.
    package func cancel() {
        let held = action.withLock { action in
            defer { action = nil }
            return action
        }
        _ = consume held
    }

    func expire() {
        let action = action.withLock { action in
            defer { action = nil }
            return action
        }
        action?()
    }
}

/// Deadlines in one first-in-first-out queue per duration: those of equal length expire in the order in which they were
/// set, so that setting one and cancelling one cost the same however many there are.
struct DeadlineQueue {
    private struct Line {
        var entries: [Deadline] = []
        var head = 0

        var first: Deadline? { head < entries.count ? entries[head] : nil }

        mutating func removeFirst() {
            head += 1
            // Half the array is history: let it go.
            if head * 2 >= entries.count && head >= 32 || head == entries.count {
                entries.removeFirst(head)
                head = 0
            }
        }

        mutating func dropCancelled() {
            while let first, first.isCancelled { removeFirst() }
        }
    }

    private var lines: [Duration: Line] = [:]

    mutating func add(_ deadline: Deadline, after time: Duration) {
        lines[time, default: Line()].entries.append(deadline)
    }

    /// Removes and returns what is due, the earliest first.
    mutating func takeExpired(at now: Duration) -> [Deadline] {
        guard !lines.isEmpty else { return [] }
        var expired: [Deadline] = []
        for time in Array(lines.keys) {
            guard var line = lines.removeValue(forKey: time) else { continue }
            line.dropCancelled()
            while let first = line.first, first.moment <= now {
                expired.append(first)
                line.removeFirst()
                line.dropCancelled()
            }
            if line.first != nil { lines[time] = line }
        }
        return expired.sorted { $0.moment < $1.moment }
    }

    /// The moment of the next deadline.
    var next: Duration? {
        lines.values.compactMap { $0.first?.moment }.min()
    }
}

extension Duration {
    /// As milliseconds to sleep, at most a day, and rounded up: what is a part of a millisecond away must not spin.
    var pollTime: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return Int32(clamping: min(seconds, 86_400) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }
}
