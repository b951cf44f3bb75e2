import GatehouseTLS

#if canImport(Glibc)
    import Glibc
#endif

// What each side allocates for a handshake, and for the records after it: those must be none.
//
//     swift run -c release allocation-bench

for handshake in try HandshakeAllocations.measure() {
    print("handshake, \(handshake.name):", terminator: "")
    for role in Role.allCases { print(" \(role.rawValue) \(handshake.counts[role] ?? 0)", terminator: "") }
    print()
}

let records = try RecordAllocations.measure()
let allocating = records.filter { $0.sending + $0.receiving > 0 }
for record in allocating {
    print(
        "\(record.suite), padding \(record.padding), \(record.size) bytes from the \(record.sender.rawValue):",
        "\(record.sending) allocations sending, \(record.receiving) receiving")
}
print("records: \(allocating.count) of \(records.count) combinations allocate")
exit(allocating.isEmpty ? 0 : 1)
