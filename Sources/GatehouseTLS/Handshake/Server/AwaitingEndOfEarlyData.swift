/// Has accepted early data; awaits its end.
struct AwaitingEndOfEarlyData: ~Copyable, Sendable {
    var agreement: ServerAgreement
    let authentication: ClientAuthentication

    consuming func handle(
        _ message: ReceivedMessage, _ core: inout ConnectionCore
    ) throws(TLSError) -> AwaitingClientFinished {
        _ = try message.decode(as: EndOfEarlyData.self)
        agreement.transcript.append(message.bytes)
        core.endEarlyData()
        let opener = try agreement.clientHandshakeTraffic.opener(agreement.accepted.parameters.aead)
        core.reader.install(opener, try core.joiner.aligned())
        return AwaitingClientFinished(agreement: agreement, authentication: authentication)
    }
}
