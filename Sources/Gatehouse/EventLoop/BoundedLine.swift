/// Members in the order in which they came, of whom any can leave. There are never more than the limit: for one more,
/// the oldest has to go.
package struct BoundedLine<Member: Sendable>: Sendable {
    private let limit: Int
    private var members: [UInt64: Member] = [:]
    private var line = ArrivalLine()
    private var nextNumber: UInt64 = 0

    package init(limit: Int) {
        self.limit = limit
    }

    package var count: Int { members.count }

    /// Takes a member in.
    /// - Returns: the number that it leaves with, and the member that it has displaced.
    package mutating func add(_ member: Member) -> (number: UInt64, displaced: Member?) {
        let displaced = members.count >= limit ? line.first.flatMap { remove($0) } : nil
        defer { nextNumber += 1 }
        members[nextNumber] = member
        line.insert(nextNumber)
        return (nextNumber, displaced)
    }

    /// Lets a member go; `nil` when it has gone already.
    @discardableResult
    package mutating func remove(_ number: UInt64) -> Member? {
        line.remove(number)
        return members.removeValue(forKey: number)
    }
}
