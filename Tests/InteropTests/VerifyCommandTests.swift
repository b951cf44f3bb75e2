import Foundation
import GatehouseCertificates
import GatehouseCrypto
import Testing

@testable import GatehouseTool

@Suite("gatehouse verify")
struct VerifyCommandTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "verify-\(UUID().uuidString)")

    private func write(_ contents: Data, _ name: String) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let url = folder.appending(path: name)
        try contents.write(to: url)
        return url.path()
    }

    @Test("the exit code tells whether the certificate is to be believed, and whether the question made sense")
    func exitCodes() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let (rootKey, leafKey) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.p256))
        var template = CertificateTemplate(commonName: "root", notBefore: 1_700_000_000, notAfter: 1_900_000_000)
        template.role = .authority(pathLength: nil)
        let root = try template.selfSigned(with: rootKey, serialNumber: [1])
        template.commonName = "leaf"
        template.role = .endEntity
        template.purposes = [.serverAuthentication]
        template.dnsNames = ["a.example"]
        let leaf = try template.issued(
            for: leafKey.subjectPublicKeyInfo, by: root, issuerKey: rootKey, serialNumber: [2])
        let ca = try write(Data(root.pem.utf8), "ca.pem")
        let pem = try write(Data(leaf.pem.utf8), "leaf.pem")
        let der = try write(Data(leaf.der), "leaf.der")
        let empty = try write(Data("nothing".utf8), "empty.pem")

        let good = ["--ca", ca, "--time", "2026-01-01"]
        for arguments in [[pem], [der], ["--name", "a.example", pem], ["--purpose=server", pem], ["--web", pem]] {
            #expect(await runCommand(["verify"] + good + arguments) == 0, "\(arguments)")
        }
        for arguments in [
            ["--name", "b.example", pem], ["--purpose", "client", pem], ["--revocation", "required", pem],
        ] {
            #expect(await runCommand(["verify"] + good + arguments) == 1, "\(arguments)")
        }
        #expect(await runCommand(["verify", "--ca", ca, "--time", "2020-01-01T00:00:00Z", pem]) == 1)
        #expect(await runCommand(["verify", "--ca", ca, "--time", "1800000000", pem]) == 0)
        #expect(await runCommand(["verify", "--ca", pem, "--chain", ca, "--time", "2026-01-01", ca]) == 1)
        for arguments in [
            [], ["--purpose", "both", pem], ["--time", "soon", pem], ["--name", "a b", pem], [empty], ["/nowhere"],
            ["--crl", "/nowhere", pem], ["--bogus", pem],
        ] {
            #expect(await runCommand(["verify"] + ["--ca", ca] + arguments) == 2, "\(arguments)")
        }
        #expect(await runCommand(["verify", "--help"]) == 0)
    }
}
