import Gatehouse
import GatehouseSystem
import Synchronization
import TestSupport
import Testing

@Suite(.onOwnThreads, .patient) struct EventLoopTests {
    @Test("the isolation model: 20,000 echoes, a close from inside a slot, and every socket is freed")
    func isolationModel() async throws {
        let server = EchoServer(on: try EventLoop())
        server.pendingConnectionAvailable.connect { server in
            while let socket = server.nextPendingConnection() {
                // The socket lives on the same loop: no hop.
                _ = socket.assumeIsolated { socket in
                    socket.readyRead.connect { socket in
                        let bytes = socket.readAll()
                        socket.write(bytes)
                        if bytes.count == 7 { socket.close() }
                    }
                }
            }
        }
        let endpoint = try #require(try await server.listen())
        let (echoes, finished) = AsyncStream.makeStream(of: Int.self)
        try SystemThread.start {
            do {
                var client = try BlockingClient(to: endpoint)
                var equal = 0
                for round in 0..<20_000 {
                    let message = [UInt8](repeating: UInt8(truncatingIfNeeded: round), count: 100)
                    try client.send(message)
                    if try client.receive(100) == message { equal += 1 }
                }
                for _ in 0..<200 {
                    client = try BlockingClient(to: endpoint)
                    try client.send([1])
                    if try client.receive(1) == [1] { equal += 1 }
                }
                client = try BlockingClient(to: endpoint)
                try client.send([1, 2, 3, 4, 5, 6, 7])
                if try client.receive(7) == [1, 2, 3, 4, 5, 6, 7] { equal += 1 }
                if try client.receive(1).isEmpty { equal += 1 }
                finished.yield(equal)
            } catch {
                Issue.record(error)
            }
            finished.finish()
        }
        var results: [Int] = []
        for await count in echoes { results.append(count) }
        #expect(results == [20_202])
        try await eventually { EchoSocket.count == 0 }
        await server.close()
    }

    @Test("jobs and calls run in the order in which they came")
    func order() async throws {
        let loop = try EventLoop()
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        for number in 0..<1000 { loop.post { continuation.yield(number) } }
        loop.post { continuation.finish() }
        var numbers: [Int] = []
        for await number in stream { numbers.append(number) }
        #expect(numbers == Array(0..<1000))
    }

    @Test("deadlines expire in their order, cancelled ones do not, and what they hold is let go at once")
    func deadlines() async throws {
        let loop = try EventLoop()
        let (stream, continuation) = AsyncStream.makeStream(of: String.self)
        final class Held: Sendable {}
        weak let weakly: Held?
        do {
            let held = Held()
            weakly = held
            let cancelled = loop.deadline(after: .seconds(1)) { continuation.yield("cancelled \(held)") }
            cancelled.cancel()
        }
        #expect(weakly == nil)
        loop.post {
            _ = loop.deadline(after: .seconds(2)) { continuation.finish() }
            _ = loop.deadline(after: .seconds(1)) { continuation.yield("second") }
            _ = loop.deadline(after: .seconds(1)) { continuation.yield("third") }
            _ = loop.deadline(after: .milliseconds(10)) { continuation.yield("first") }
        }
        var names: [String] = []
        for await name in stream { names.append(name) }
        #expect(names == ["first", "second", "third"])
    }

    @Test("a loop that nobody refers to ends, and its thread with it")
    func end() async throws {
        weak let weakly: EventLoop?
        do {
            let loop = try EventLoop()
            weakly = loop
            await withCheckedContinuation { continuation in loop.post { continuation.resume() } }
        }
        try await eventually { weakly == nil }
    }

    @Test("the caller is told apart from the loop")
    func current() async throws {
        let loop = try EventLoop()
        #expect(!loop.isCurrent)
        #expect(
            await withCheckedContinuation { continuation in loop.post { continuation.resume(returning: loop.isCurrent) }
            })
    }
}

@Suite(.onOwnThreads, .patient) struct SignalTests {
    actor Sender {
        nonisolated let bare = Signal<Sender, Void>()
        nonisolated let numbered = Signal<Sender, Int>()
        nonisolated let paired = Signal<Sender, (Int, String)>()
        var heard: [String] = []

        func hear(_ text: String) { heard.append(text) }
        func emitBare() { bare.emit(from: self) }
        func emitNumbered(_ number: Int) { numbered.emit(from: self, number) }
        func emitPaired(_ number: Int, _ text: String) { paired.emit(from: self, (number, text)) }
        func disconnectAll() { bare.disconnectAll() }
    }

    @Test("slots are called in order, isolated to the sender, with what the signal carries")
    func order() async {
        let sender = Sender()
        sender.bare.connect { $0.hear("a") }
        sender.bare.connect { $0.hear("b") }
        sender.numbered.connect { $0.hear("\($1)") }
        sender.paired.connect { $0.hear("\($1)\($2)") }
        await sender.emitBare()
        await sender.emitNumbered(1)
        await sender.emitPaired(2, "x")
        #expect(await sender.heard == ["a", "b", "1", "2x"])
    }

    @Test("a disconnected slot is not called, also when an earlier slot of the same emission disconnects it")
    func disconnect() async {
        let sender = Sender()
        let first = sender.bare.connect { $0.hear("first") }
        let later = Mutex<SignalConnection?>(nil)
        sender.bare.connect { _ in later.withLock { $0?.disconnect() } }
        later.withLock { $0 = sender.bare.connect { $0.hear("later") } }
        first.disconnect()
        first.disconnect()
        await sender.emitBare()
        #expect(await sender.heard.isEmpty)
    }

    @Test("a slot that connects another does not call it in the same emission")
    func connectInside() async {
        let sender = Sender()
        sender.bare.connect { sender in sender.bare.connect { $0.hear("inner") } }
        await sender.emitBare()
        #expect(await sender.heard.isEmpty)
        await sender.emitBare()
        #expect(await sender.heard == ["inner"])
    }

    @Test("dropping the slots lets go of what they hold")
    func drop() async {
        final class Held: Sendable {}
        let sender = Sender()
        weak let weakly: Held?
        do {
            let held = Held()
            weakly = held
            sender.bare.connect { $0.hear("\(held)") }
        }
        #expect(weakly != nil)
        await sender.disconnectAll()
        #expect(weakly == nil)
    }
}

@Suite struct ByteQueueTests {
    @Test("bytes come out as they went in, in any portions")
    func portions() {
        var queue = ByteQueue()
        var expected: [UInt8] = []
        var taken: [UInt8] = []
        for round in 0..<2000 {
            let bytes = (0..<(round * 7 % 331)).map { UInt8(truncatingIfNeeded: $0 &* round) }
            queue.append(bytes)
            expected += bytes
            let limit = round * 13 % 257
            #expect(queue.peek(atMost: 3) == Array(expected[taken.count...].prefix(3)))
            taken += queue.take(atMost: limit)
            #expect(queue.count == expected.count - taken.count)
        }
        taken += queue.take()
        #expect(taken == expected)
        #expect(queue.isEmpty)
        #expect(queue.take().isEmpty)
        queue.append([1, 2, 3])
        queue.drop(2)
        #expect(queue.take(atMost: -1).isEmpty)
        queue.drop(9)
        #expect(queue.isEmpty)
    }
}

@Suite struct BoundedLineTests {
    @Test("one more than the limit displaces the oldest of those who are still there")
    func displacing() {
        var line = BoundedLine<Int>(limit: 3)
        var numbers: [UInt64] = []
        for member in 0..<3 {
            let (number, displaced) = line.add(member)
            #expect(displaced == nil)
            numbers.append(number)
        }
        #expect(line.remove(numbers[0]) == 0)
        #expect(line.remove(numbers[0]) == nil)
        #expect(line.add(3).displaced == nil)
        #expect(line.add(4).displaced == 1)
        #expect(line.add(5).displaced == 2)
        #expect(line.add(6).displaced == 3)
        #expect(line.remove(numbers[2]) == nil)
        #expect(line.count == 3)
    }
}
