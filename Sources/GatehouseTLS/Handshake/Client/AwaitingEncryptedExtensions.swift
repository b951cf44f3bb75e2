import GatehouseCrypto

/// Has the handshake keys; awaits EncryptedExtensions.
struct AwaitingEncryptedExtensions: ~Copyable, Sendable {
    var agreement: ClientAgreement

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> ClientHandshake {
        let extensions = try message.decode(as: EncryptedExtensions.self)
        try agreement.offer.hello.checkAnswered(extensions.extensions)
        if let names = extensions.applicationProtocols {
            core.session?.applicationProtocol = try applicationProtocol(names)
        }
        if extensions.recordSizeLimit != nil {
            try core.adopt(recordSizeLimit: extensions.recordSizeLimit)
            if let limit = agreement.configuration.recordSizeLimit { core.reader.innerPlaintextLimit = limit }
        }
        try settleEarlyData(extensions, &core)
        agreement.transcript.append(message.bytes)
        guard agreement.selected == nil else {
            return .awaitingServerFinished(
                AwaitingServerFinished(
                    agreement: agreement, authentication: .preSharedKey(PreSharedKeyAgreed.chosenByServer())))
        }
        agreement.certificateTypes = try certificateTypes(extensions)
        return .awaitingCertificate(AwaitingCertificate(agreement: agreement))
    }

    /// RFC 7250 §4.2: a type "MUST be selected from one of the values provided" in the ClientHello. Without an answer it
    /// is X.509, which is too little for a client that takes no certificates from the server.
    private borrowing func certificateTypes(_ answer: EncryptedExtensions) throws(TLSError) -> CertificateTypes {
        let offered = agreement.configuration.certificateTypes
        var types = CertificateTypes()
        if let chosen = answer.serverCertificateType {
            guard offered.server.contains(chosen) else { throw .peerMisbehaved(.certificateTypeNotOffered) }
            types.server = chosen
        }
        if let chosen = answer.clientCertificateType {
            guard offered.client.contains(chosen) else { throw .peerMisbehaved(.certificateTypeNotOffered) }
            types.client = chosen
        }
        guard offered.server.contains(types.server) else { throw .peerIncompatible(.noCommonCertificateType) }
        return types
    }

    /// RFC 7301 §3.1: "the "ProtocolNameList" MUST contain exactly one "ProtocolName"".
    private borrowing func applicationProtocol(_ names: [[UInt8]]) throws(TLSError) -> String {
        guard names.count == 1 else { throw .invalidMessage(.trailingBytes) }
        guard let chosen = agreement.configuration.applicationProtocols.first(where: { Array($0.utf8) == names[0] })
        else { throw .peerMisbehaved(.applicationProtocolNotOffered) }
        return chosen
    }

    private mutating func settleEarlyData(
        _ answer: EncryptedExtensions, _ core: inout ConnectionCore
    ) throws(TLSError) {
        guard let early = agreement.offer.earlySession else { return }
        guard answer.extensions.contains(.earlyData) else {
            core.writer.install(try agreement.clientHandshakeTraffic.sealer(agreement.parameters.aead))
            core.rejectSentEarlyData()
            return
        }
        // RFC 9846 §4.3.10: "If the server supplies an "early_data" extension in EncryptedExtensions, the client MUST
        // verify that the server's selected_identity is 0. If any other value is returned, the client MUST abort the
        // handshake with an "illegal_parameter" alert." Suite and protocol are bound to the session likewise.
        guard agreement.selected?.session?.ticket == early.ticket,
            early.state.cipherSuite == agreement.parameters.suite,
            early.state.applicationProtocol == core.session?.applicationProtocol
        else { throw .peerMisbehaved(.earlyDataMismatch) }
        agreement.isEarlyDataAccepted = true
        core.session?.isEarlyDataAccepted = true
    }
}
