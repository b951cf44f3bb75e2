import GatehouseSystem
import Testing

@Suite struct PollerTests {
    @Test("waking ends the wait, before and during it")
    func wake() throws {
        let poller = try Poller()
        var events: [Readiness] = []
        poller.wake()
        poller.wait(milliseconds: nil, into: &events)
        #expect(events.isEmpty)
        try SystemThread.start { poller.wake() }
        poller.wait(milliseconds: nil, into: &events)
        #expect(events.isEmpty)
    }

    @Test("the time of a wait ends, and events replace what stood in the list")
    func timeout() throws {
        let poller = try Poller()
        let listener = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
        let bound = listener.localEndpoint
        let client = try StreamSocket.connect(to: try #require(bound))
        try poller.add(client.descriptor, interest: .write, token: 1)
        var events: [Readiness] = []
        poller.wait(milliseconds: 10_000, into: &events)
        #expect(events.map(\.token) == [1])
        poller.remove(client.descriptor)
        let before = SystemClock.monotonic
        poller.wait(milliseconds: 20, into: &events)
        #expect(SystemClock.monotonic - before >= .milliseconds(20))
        #expect(events.isEmpty)
    }

    @Test("interest is kept, changed and removed")
    func interest() throws {
        let listener = try StreamSocket.listen(on: Endpoint(address: .localHost, port: 0), backlog: 5)
        let bound = listener.localEndpoint
        let client = try StreamSocket.connect(to: try #require(bound))
        let poller = try Poller()
        try poller.add(client.descriptor, interest: .write, token: 42)
        var events: [Readiness] = []
        poller.wait(milliseconds: 10_000, into: &events)
        #expect(events.map(\.token) == [42])
        #expect(events.allSatisfy { $0.isWritable && !$0.isReadable && !$0.isHangup })
        try poller.modify(client.descriptor, interest: .read, token: 43)
        poller.wait(milliseconds: 0, into: &events)
        #expect(events.isEmpty)
        poller.remove(client.descriptor)
        #expect(throws: SystemError.self) { try poller.modify(client.descriptor, interest: .write, token: 44) }
    }

    @Test("threads have numbers of their own")
    func threads() async throws {
        let here = SystemThread.current
        let poller = try Poller()
        let (stream, continuation) = AsyncStream.makeStream(of: UInt.self)
        try SystemThread.start {
            continuation.yield(SystemThread.current)
            var events: [Readiness] = []
            poller.wait(milliseconds: 10_000, into: &events)
            continuation.finish()
        }
        var numbers: [UInt] = []
        for await number in stream {
            numbers.append(number)
            poller.wake()
        }
        #expect(numbers.count == 1)
        #expect(numbers.first != here)
    }
}
