public import GatehouseSystem
import Synchronization

// MARK: - The PROXY protocol

extension SSLSocket {
    /// What the proxy in front of us has said about the client; `nil` when there is none, see
    /// ``SSLServer/trustedProxies``.
    public nonisolated var proxyHeader: ProxyHeader? { endpoints.withLock { $0.proxyHeader } }

    /// Who is at the other end of the TCP connection: the proxy, if there is one, and else the peer itself. It stays
    /// readable after the end.
    public nonisolated var transportPeerEndpoint: Endpoint? {
        endpoints.withLock { $0.transportPeer ?? $0.peer }
    }

    /// Takes the header from the front of what has come.
    ///
    /// - Returns: how much is left, which then begins the buffer; `nil` when there is nothing to go on with.
    func takeProxyHeader(_ buffer: inout [UInt8], count: Int) -> Int? {
        do throws(ProxyHeaderError) {
            guard let (header, length) = try ProxyHeader.read(buffer[..<count]) else {
                // What may still become a header is short.
                tail = Array(buffer[..<count])
                return nil
            }
            awaitsProxyHeader = false
            endpoints.withLock { endpoints in
                endpoints.proxyHeader = header
                endpoints.transportPeer = endpoints.peer
                if let source = header.source { endpoints.peer = source }
            }
            startServing()
            tail = []
            let rest = count - length
            guard rest > 0 else { return nil }
            let behind = Array(buffer[length..<count])
            buffer.replaceSubrange(..<rest, with: behind)
            return rest
        } catch {
            fail(.proxyProtocol, error.description, ending: .failed)
            return nil
        }
    }
}
