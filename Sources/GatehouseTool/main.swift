import Glibc

let status = await runCommand(Array(CommandLine.arguments.dropFirst()))
// Loops may have threads that still run. exit(3) would let libcrypto free under their hands what they use: the process
// ends without that.
fflush(nil)
_exit(status)
