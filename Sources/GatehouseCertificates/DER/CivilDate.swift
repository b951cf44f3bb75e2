/// A day of the Gregorian calendar, and its distance from 1970-01-01.
struct CivilDate: Hashable {
    var year: Int
    var month: Int
    var day: Int

    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// Years begin in March here, so that the leap day is the last one; 400 years are an era of 146 097 days.
    var daysSince1970: Int {
        let marchYear = month <= 2 ? year - 1 : year
        let era = (marchYear >= 0 ? marchYear : marchYear - 399) / 400
        let yearOfEra = marchYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    init(daysSince1970 days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension UnixTime {
    /// Reads `2026-11-22` or `2026-11-22T17:42:54Z` (RFC 3339, without fractions and in UTC); nil if `timestamp` is
    /// neither.
    public init?(timestamp: String) {
        let parts = timestamp.split(separator: "T", omittingEmptySubsequences: false)
        let date = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count <= 2, date.map(\.count) == [4, 2, 2], date.allSatisfy({ $0.utf8.allSatisfy(isDigit) }),
            let year = Int(date[0]), let month = Int(date[1]), let day = Int(date[2]), 1...12 ~= month,
            day >= 1, day <= CivilDate.days(inMonth: month, of: year)
        else { return nil }
        var seconds = 0
        if parts.count == 2 {
            let clock = parts[1].dropLast().split(separator: ":", omittingEmptySubsequences: false)
            guard parts[1].hasSuffix("Z"), clock.map(\.count) == [2, 2, 2],
                clock.allSatisfy({ $0.utf8.allSatisfy(isDigit) }), let hour = Int(clock[0]), let minute = Int(clock[1]),
                let second = Int(clock[2]), hour <= 23, minute <= 59, second <= 59
            else { return nil }
            seconds = (hour * 60 + minute) * 60 + second
        }
        self = UnixTime(CivilDate(year: year, month: month, day: day).daysSince1970 * 86_400 + seconds)
    }
}

private func isDigit(_ character: UInt8) -> Bool {
    0x30...0x39 ~= character
}

/// A time as people write it: `2026-11-22 17:42:54 UTC`.
func describe(_ time: UnixTime) -> String {
    let seconds = Int(time)
    let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    let rest = seconds - days * 86_400
    let date = CivilDate(daysSince1970: days)
    func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let year = String(repeating: "0", count: max(0, 4 - "\(date.year)".count)) + "\(date.year)"
    return "\(year)-\(padded(date.month))-\(padded(date.day)) "
        + "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60)) UTC"
}
