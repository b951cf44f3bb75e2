import Gatehouse
import GatehouseTLS

/// `--certificate`, `--key` and `--ocsp`: who we are.
enum CredentialOptions {
    static let options = [
        Option("--certificate", "FILE", repeats: true, help: "a PEM file with a chain, our own certificate first"),
        Option("--key", "FILE", repeats: true, help: "the PEM file with its private key; one for each --certificate"),
    ]
    static let staple = Option(
        "--ocsp", "FILE", repeats: true,
        help: "the OCSP response in DER to staple to a certificate; one for each --certificate")

    static func credentials(_ options: OptionParser.Result) throws(UsageError) -> [Credential] {
        let certificates = options.all("--certificate")
        let keys = options.all("--key")
        let staples = options.all("--ocsp")
        guard certificates.count == keys.count else {
            throw UsageError("each --certificate needs its --key: there are \(certificates.count) and \(keys.count)")
        }
        guard staples.isEmpty || staples.count == certificates.count else {
            throw UsageError(
                "each --certificate needs its --ocsp: there are \(certificates.count) and \(staples.count)")
        }
        var credentials: [Credential] = []
        for (certificate, key) in zip(certificates, keys) {
            let chain = try Settings.certificates(in: certificate)
            let privateKey = try Settings.key(in: key)
            do {
                credentials.append(try Credential(chain: chain, key: privateKey))
            } catch {
                throw UsageError("\(certificate) with \(key): \(error)")
            }
        }
        for (index, path) in staples.enumerated() {
            credentials[index].ocspResponse = try Settings.contents(of: path)
        }
        return credentials
    }
}
