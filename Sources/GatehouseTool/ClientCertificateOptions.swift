import Gatehouse

/// `--client-ca` and what depends on it: who clients have to be.
enum ClientCertificateOptions {
    static let options = [
        Option(
            "--client-ca", "FILE", help: "ask clients for certificates, and take those of the authorities in a PEM file"
        ),
        Option("--require-client-certificate", help: "turn clients away that have none"),
    ]

    static func apply(
        _ options: OptionParser.Result, to configuration: inout SSLConfiguration
    ) throws(UsageError) {
        guard let path = options.value("--client-ca") else {
            guard !options.has("--require-client-certificate") else {
                throw UsageError("--require-client-certificate needs --client-ca")
            }
            return
        }
        configuration.caCertificates = try Settings.certificates(in: path)
        configuration.announcesCertificateAuthorities = true
        guard options.has("--require-client-certificate") else { return }
        configuration.peerVerifyMode = .verify
        configuration.missingCertificateIsFatal = true
    }
}
