import Glibc

// The program that BoringSSL's protocol test runner drives; README.md says how.

do throws(ShimError) {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    try Shim.run(arguments)
} catch {
    Shim.report(error)
    exit(error.exitCode)
}
