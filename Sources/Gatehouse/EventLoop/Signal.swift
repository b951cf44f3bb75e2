import Synchronization

/// Something an object tells whoever wants to know: a list of slots that are called in the order in which they were
/// connected.
///
/// Slots run on the sender's loop, isolated to the sender, and synchronously: inside a slot every call to the sender is
/// direct. They get the sender as their first parameter, so that they need not capture it:
///
/// ```swift
/// socket.readyRead.connect { socket in
///     socket.write(socket.readAll())
/// }
/// ```
///
/// A slot that is connected or disconnected while the signal is on its way does not change who gets it this time,
/// except that a disconnected slot is not called any more.
public struct Signal<Sender: Actor, Argument>: ~Copyable, Sendable {
    /// A function that hears the signal.
    public typealias Slot = @Sendable (_ sender: isolated Sender, _ argument: Argument) -> Void

    private let connections = Mutex<[SlotHolder<Slot>]>([])

    package init() {}

    /// Calls `slot` whenever the signal is emitted, until the returned connection is disconnected or the sender drops
    /// its slots. Letting go of the connection does not disconnect.
    @discardableResult
    public func connect(_ slot: @escaping Slot) -> SignalConnection {
        let holder = SlotHolder(slot)
        connections.withLock { connections in
            connections.removeAll { $0.slot == nil }
            connections.append(holder)
        }
        return SignalConnection(end: holder)
    }

    /// Calls every slot. No access to the sender's storage may be open.
    package func emit(from sender: isolated Sender, _ argument: Argument) {
        // A copy: a slot may connect, disconnect, or end its sender.
        for holder in connections.withLock({ $0 }) { holder.slot?(sender, argument) }
    }

    /// Lets every slot go, and with it what the slots hold.
    package func disconnectAll() {
        let held = connections.withLock { connections in
            defer { connections = [] }
            return connections
        }
        for holder in held { holder.disconnect() }
    }
}

extension Signal where Argument == Void {
    /// Calls `slot` whenever the signal is emitted.
    @discardableResult
    public func connect(_ slot: @escaping @Sendable (_ sender: isolated Sender) -> Void) -> SignalConnection {
        connect { sender, _ in slot(sender) }
    }

    package func emit(from sender: isolated Sender) {
        emit(from: sender, ())
    }
}

extension Signal {
    /// Calls `slot` whenever the signal is emitted.
    @discardableResult
    public func connect<First, Second>(
        _ slot: @escaping @Sendable (_ sender: isolated Sender, _ first: First, _ second: Second) -> Void
    ) -> SignalConnection where Argument == (First, Second) {
        connect { sender, argument in slot(sender, argument.0, argument.1) }
    }
}

/// A slot's place in a signal.
public struct SignalConnection: Sendable {
    let end: any Disconnectable

    /// The slot is not called any more, and what it holds is let go. Any thread may call this, any number of times.
    public func disconnect() {
        end.disconnect()
    }
}

protocol Disconnectable: Sendable {
    func disconnect()
}

/// One slot, until it is disconnected.
final class SlotHolder<Slot: Sendable>: Disconnectable {
    private let content: Mutex<Slot?>

    init(_ slot: Slot) {
        content = Mutex(slot)
    }

    var slot: Slot? { content.withLock { $0 } }

    func disconnect() {
        let held = content.withLock { content in
            defer { content = nil }
            return content
        }
        _ = consume held
    }
}
