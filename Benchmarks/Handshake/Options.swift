/// What the command line asks for.
struct Options {
    /// Where the results go as JSON.
    var jsonFile: String?
    /// Which benchmarks run.
    var only = NamePattern("")
    /// How long each benchmark runs.
    var seconds = 1.0

    static let help = """
        usage: handshake-bench [--only PATTERN] [--seconds N] [--json FILE]

        Measures TLS 1.3 handshakes in one process over memory buffers. Each side's CPU time is summed apart and set
        against its floor: the calls to libcrypto that the side cannot do without, timed alone in the same run.

          --only PATTERN   run the benchmarks whose name contains PATTERN; * stands for any characters,
                           as in 'AES_128*X25519/P-256'
          --seconds N      how long each benchmark runs, handshakes and floor together (default 1)
          --json FILE      write the results to FILE as well, as a list of
                           {"name","side","perSecond","microseconds","floorMicroseconds","ratio"}
          --help           print this
        """

    /// Why the command line is not understood.
    struct Failure: Error {
        let description: String
    }

    /// `nil` when only the help is asked for.
    init?(_ arguments: [String]) throws(Failure) {
        var rest = arguments[...]
        while let option = rest.popFirst() {
            if option == "--help" || option == "-h" { return nil }
            guard ["--only", "--seconds", "--json"].contains(option) else {
                throw Failure(description: "unknown option \(option); see --help")
            }
            guard let value = rest.popFirst() else { throw Failure(description: "\(option) needs a value") }
            switch option {
            case "--only": only = NamePattern(value)
            case "--json": jsonFile = value
            default:
                guard let number = Double(value), number > 0 else {
                    throw Failure(description: "--seconds needs a number above 0, not \(value)")
                }
                seconds = number
            }
        }
    }
}

/// A part of a name, in which `*` stands for any characters.
struct NamePattern {
    private let parts: [String]

    init(_ pattern: String) {
        parts = pattern.split(separator: "*").map(String.init)
    }

    func matches(_ name: String) -> Bool {
        var rest = name[...]
        for part in parts {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return true
    }
}
