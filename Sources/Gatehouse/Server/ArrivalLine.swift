/// Numbers in the order in which they came, from which any can leave.
struct ArrivalLine: Sendable {
    private var members: Set<UInt64> = []
    private var order: [UInt64] = []

    var count: Int { members.count }

    mutating func insert(_ number: UInt64) {
        members.insert(number)
        order.append(number)
        // Those who have left are swept when they are the majority: a constant effort per arrival.
        if order.count > 2 * members.count + 64 { order.removeAll { !members.contains($0) } }
    }

    @discardableResult
    mutating func remove(_ number: UInt64) -> Bool {
        members.remove(number) != nil
    }

    func contains(_ number: UInt64) -> Bool { members.contains(number) }

    /// The one that has waited longest.
    var first: UInt64? { order.first(where: members.contains) }
}
