#if os(Linux)
    import CSystem
    import Glibc

    /// Readiness by epoll(7), level-triggered, with an eventfd to wake the waiting thread.
    package final class EpollPoller: Sendable {
        private static let wakeToken = UInt64.max
        private static let batch = 128

        private let epoll: Int32
        private let event: Int32

        package init() throws(SystemError) {
            epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            guard epoll >= 0 else { throw SystemError("make an epoll instance") }
            event = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
            guard event >= 0 else {
                let error = SystemError("make an eventfd")
                _ = close(epoll)
                throw error
            }
            try add(event, interest: .read, token: Self.wakeToken)
        }

        deinit {
            _ = close(epoll)
            _ = close(event)
        }

        /// Starts to watch. Tokens are the caller's; `UInt64.max` is taken.
        package func add(_ descriptor: Int32, interest: Interest, token: UInt64) throws(SystemError) {
            try control(EPOLL_CTL_ADD, descriptor, interest, token)
        }

        /// Changes what a watched descriptor is watched for.
        package func modify(_ descriptor: Int32, interest: Interest, token: UInt64) throws(SystemError) {
            try control(EPOLL_CTL_MOD, descriptor, interest, token)
        }

        /// Stops watching.
        package func remove(_ descriptor: Int32) {
            _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
        }

        private func control(
            _ operation: Int32, _ descriptor: Int32, _ interest: Interest, _ token: UInt64
        ) throws(SystemError) {
            var events: UInt32 = 0
            if interest.contains(.read) { events |= EPOLLIN.rawValue }
            if interest.contains(.write) { events |= EPOLLOUT.rawValue }
            if interest.contains(.exclusive) { events |= EPOLLEXCLUSIVE.rawValue }
            var event = epoll_event(events: events, data: epoll_data_t(u64: token))
            guard epoll_ctl(epoll, operation, descriptor, &event) == 0 else {
                throw SystemError("watch descriptor \(descriptor)")
            }
        }

        /// Waits until something happens, ``wake()`` is called or the time is over, and puts what happened into
        /// `ready` in place of what stood there. `nil` waits for ever.
        package func wait(milliseconds: Int32?, into ready: inout [Readiness]) {
            ready.removeAll(keepingCapacity: true)
            withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.batch) { events in
                // epoll_wait writes at most `batch` entries and returns how many; an interrupted wait returns -1.
                let count = epoll_wait(epoll, events.baseAddress, Int32(Self.batch), milliseconds ?? -1)
                for event in events.prefix(Int(max(count, 0))) {
                    if event.data.u64 == Self.wakeToken {
                        var value: eventfd_t = 0
                        _ = eventfd_read(self.event, &value)
                    } else {
                        ready.append(Readiness(event))
                    }
                }
            }
        }

        /// Makes the current or the next ``wait(milliseconds:into:)`` return. Any thread may call it.
        package func wake() {
            _ = eventfd_write(event, 1)
        }
    }

    extension Readiness {
        fileprivate init(_ event: epoll_event) {
            self.init(
                token: event.data.u64,
                isReadable: event.events & EPOLLIN.rawValue != 0,
                isWritable: event.events & EPOLLOUT.rawValue != 0,
                isHangup: event.events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0)
        }
    }
#endif
