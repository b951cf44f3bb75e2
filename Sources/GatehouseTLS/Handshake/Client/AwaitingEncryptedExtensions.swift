import GatehouseCrypto

/// Has the handshake keys; awaits EncryptedExtensions.
struct AwaitingEncryptedExtensions: ~Copyable, Sendable {
    var agreement: ClientAgreement

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingCertificate {
        let extensions = try message.decode(as: EncryptedExtensions.self)
        try agreement.hello.checkAnswered(extensions.extensions)
        if let names = extensions.applicationProtocols {
            core.session?.applicationProtocol = try applicationProtocol(names)
        }
        if extensions.recordSizeLimit != nil {
            try core.adopt(recordSizeLimit: extensions.recordSizeLimit)
            if let limit = agreement.configuration.recordSizeLimit { core.reader.innerPlaintextLimit = limit }
        }
        agreement.transcript.append(message.bytes)
        return AwaitingCertificate(agreement: agreement)
    }

    /// RFC 7301 §3.1: "the "ProtocolNameList" MUST contain exactly one "ProtocolName"".
    private borrowing func applicationProtocol(_ names: [[UInt8]]) throws(TLSError) -> String {
        guard names.count == 1 else { throw .invalidMessage(.trailingBytes) }
        guard let chosen = agreement.configuration.applicationProtocols.first(where: { Array($0.utf8) == names[0] })
        else { throw .peerMisbehaved(.applicationProtocolNotOffered) }
        return chosen
    }
}
