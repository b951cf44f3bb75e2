import GatehouseSystem
import Glibc

// Before any thread exists: every thread inherits it, and the signals are waited for where the program wants them.
TerminationSignals.block()
exit(await runCommand(Array(CommandLine.arguments.dropFirst())))
