import GatehouseSystem
import Glibc

// Before any thread exists: every thread inherits it, and the signals are waited for where the program wants them.
TerminationSignals.block()
let arguments = Array(CommandLine.arguments.dropFirst())
Task.detached { exit(await runCommand(arguments)) }
// The main thread only waits. If it awaited the command, Dispatch would let the blocked signals through on it.
while true { pause() }
