/// One option of a command.
struct Option: Sendable {
    /// As it is typed, such as `--port`.
    let name: String
    /// What stands for its value in the help, such as `N`; `nil` for an option without a value.
    let value: String?
    let help: String
    /// Whether it may be given several times.
    let repeats: Bool
    /// What it means without a number behind it; `nil`: it needs its value.
    let defaultNumber: Int?

    init(
        _ name: String, _ value: String? = nil, repeats: Bool = false, defaultNumber: Int? = nil, help: String
    ) {
        self.name = name
        self.value = value
        self.repeats = repeats
        self.defaultNumber = defaultNumber
        self.help = help
    }
}

/// What a command takes.
struct OptionParser: Sendable {
    /// The line behind `usage:`, without the options.
    let usage: String
    /// What the command does, in a paragraph.
    let summary: String
    let options: [Option]
    /// How many arguments besides options are taken.
    let operands: ClosedRange<Int>

    /// What was typed.
    struct Result: Sendable {
        fileprivate(set) var values: [String: [String]] = [:]
        fileprivate(set) var operands: [String] = []

        /// Whether the option was given.
        func has(_ name: String) -> Bool { values[name] != nil }
        /// The option's value, if it was given.
        func value(_ name: String) -> String? { values[name]?.last }
        /// Every value of an option that may repeat.
        func all(_ name: String) -> [String] { values[name] ?? [] }
        /// The comma-separated parts of the option's value; `nil` when it was not given.
        func list(_ name: String) -> [String]? {
            value(name).map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        }
        /// The option's value as a number in the range.
        func number(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
            guard let text = value(name) else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw UsageError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound), not \(text)")
            }
            return number
        }
    }

    /// Reads the arguments; `nil` when `--help` is among them.
    func parse(_ arguments: [String]) throws(UsageError) -> Result? {
        var result = Result()
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                result.operands += rest
                break
            }
            guard argument.hasPrefix("-"), argument.count > 1 else {
                result.operands.append(argument)
                continue
            }
            if argument == "--help" || argument == "-h" { return nil }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = options.first(where: { $0.name == parts[0] }) else {
                throw UsageError("no option \(parts[0]); --help lists them")
            }
            let value = try value(of: option, parts, &rest)
            guard option.repeats || !result.has(option.name) else { throw UsageError("\(option.name) is given twice") }
            result.values[option.name, default: []].append(value)
        }
        guard operands.contains(result.operands.count) else {
            let isSurplus = result.operands.count > operands.upperBound
            throw UsageError(
                isSurplus ? "what is \"\(result.operands[operands.upperBound])\"?" : "usage: gatehouse \(usage)")
        }
        return result
    }

    private func value(
        of option: Option, _ parts: [String], _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> String {
        guard option.value != nil else {
            if parts.count > 1 { throw UsageError("\(option.name) takes no value") }
            return ""
        }
        if parts.count > 1 { return parts[1] }
        if let number = option.defaultNumber, rest.first.flatMap({ Int($0) }) == nil { return "\(number)" }
        guard let value = rest.popFirst() else { throw UsageError("\(option.name) needs a value") }
        return value
    }

    /// What `--help` prints.
    var help: String {
        let names = options.map { option in option.value.map { "\(option.name) \($0)" } ?? option.name }
        let width = names.map(\.count).max() ?? 0
        let lines = zip(names, options).map { name, option in
            "  \(name)\(String(repeating: " ", count: width - name.count))  \(option.help)"
        }
        return "usage: gatehouse \(usage)\n\n\(summary)\n\n\(lines.joined(separator: "\n"))\n"
    }
}
