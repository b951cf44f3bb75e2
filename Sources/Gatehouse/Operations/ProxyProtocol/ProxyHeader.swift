public import GatehouseSystem

/// What a proxy says in front of a connection about the client that it stands for: the PROXY protocol, versions 1 and
/// 2 (haproxy.org, "The PROXY protocol").
///
/// A header from a stranger is a lie: ``SSLServer/trustedProxies`` tells whose are believed.
public struct ProxyHeader: Sendable, Hashable {
    /// The client, as the proxy sees it; `nil` when the proxy speaks for itself (a health check), or the client has no
    /// IP address.
    public let source: Endpoint?
    /// The address and port that the client has connected to; `nil` when ``source`` is.
    public let destination: Endpoint?

    static let local = ProxyHeader(source: nil, destination: nil)
}

/// What is wrong with a header.
package enum ProxyHeaderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The connection does not begin with one.
    case missing
    /// It is longer than the protocol, or our limit, allows.
    case tooLong
    /// It does not read as the protocol says.
    case malformed(String)

    package var description: String {
        switch self {
        case .missing: "the proxy has sent no PROXY header"
        case .tooLong: "the PROXY header is too long"
        case .malformed(let reason): "the PROXY header is malformed: \(reason)"
        }
    }
}

extension ProxyHeader {
    /// The longest header of version 2 that is read, in bytes.
    package static let maximumLength = 4096

    /// Reads the header that `bytes` begin with.
    ///
    /// - Returns: the header and how many bytes it takes; `nil` while it may still become one.
    package static func read(
        _ bytes: ArraySlice<UInt8>
    ) throws(ProxyHeaderError) -> (header: ProxyHeader, length: Int)? {
        if let isSecond = begins(bytes, with: ProxyHeaderV2.signature) {
            return isSecond ? try ProxyHeaderV2.read(bytes) : nil
        }
        if let isFirst = begins(bytes, with: ProxyHeaderV1.signature) {
            return isFirst ? try ProxyHeaderV1.read(bytes) : nil
        }
        throw .missing
    }

    /// Whether the bytes begin with the signature, or, when they are fewer, `false` if they may; `nil` when they do not.
    private static func begins(_ bytes: ArraySlice<UInt8>, with signature: [UInt8]) -> Bool? {
        let count = min(bytes.count, signature.count)
        guard bytes.prefix(count).elementsEqual(signature.prefix(count)) else { return nil }
        return count == signature.count
    }
}
