import GatehouseSystem
import Glibc
import Synchronization
import Testing

@testable import GatehouseTLS

@Suite("The end of the process")
struct ExitTests {
    /// How many handshakes this process has completed.
    private static let completed = Atomic(0)

    private static func awaitHandshakes(_ count: Int) {
        let goal = completed.load(ordering: .relaxed) + count
        while completed.load(ordering: .relaxed) < goal { usleep(1000) }
    }

    @Test("exit(3) takes nothing away from handshakes that other threads make")
    func exitDuringHandshakes() async {
        await #expect(processExitsWith: .exitCode(7)) {
            // What is registered first runs last: after all that libcrypto would do at the exit.
            atexit { ExitTests.awaitHandshakes(20) }
            let (client, server) = try FullHandshakeTests.configurations()
            for _ in 0..<2 {
                try SystemThread.start {
                    while true {
                        let loopback = try? Loopback(client, server)
                        guard (try? loopback?.run()) != nil, loopback?.isEstablished == true else { abort() }
                        Self.completed.add(1, ordering: .relaxed)
                    }
                }
            }
            Self.awaitHandshakes(20)
            exit(7)
        }
    }
}
