/// What a watcher of a descriptor wants to hear about.
package struct Interest: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// There is something to read, or the end was reached.
    package static let read = Interest(rawValue: 1)
    /// There is room to write.
    package static let write = Interest(rawValue: 2)
    /// Of several pollers that watch the same listening socket, wake one. It cannot be modified later, only removed.
    package static let exclusive = Interest(rawValue: 4)
}

/// What happened to one descriptor.
package struct Readiness: Sendable, Hashable {
    /// The token that the descriptor was registered with.
    package let token: UInt64
    package let isReadable: Bool
    package let isWritable: Bool
    /// Both directions are over, or the connection failed. It is reported whatever the interest is.
    package let isHangup: Bool
}

#if os(Linux)
    /// The system's readiness interface. A kqueue poller needs the same six members: `init`, `add`, `modify`, `remove`,
    /// `wait` and `wake`.
    package typealias Poller = EpollPoller
#endif
