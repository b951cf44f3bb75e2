internal import Foundation

/// A port of TCP on loopback that nobody has, for programs that cannot choose one themselves, and for tests that give a
/// port back and want it again.
///
/// It is below those that the system gives to whoever does not care (from 32768 on): the many sockets of a run do not
/// take it in between.
public func freePort() throws -> UInt16 {
    for _ in 0..<1000 {
        let port = UInt16.random(in: 10_000..<32_768)
        if try isFree(port) { return port }
    }
    throw Tool.Failure(description: "no port is free")
}

private func isFree(_ port: UInt16) throws -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Tool.Failure(description: "no socket is left: errno \(errno)") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: &address) { address in
        address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            bind(descriptor, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}
