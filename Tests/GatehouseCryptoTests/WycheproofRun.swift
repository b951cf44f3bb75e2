import TestSupport
import Testing

/// Runs every case of a Wycheproof file.
enum WycheproofRun {
    /// Expects `accepts` to be true for a valid case and false for an invalid one, and that every case of the file ran
    /// and every group of results that the file is known to have was there.
    static func all(_ name: String, accepts: (Wycheproof.Case) throws -> Bool) throws {
        let file = try Wycheproof(name)
        var valid = 0
        var invalid = 0
        var acceptable = 0
        for test in file.cases {
            let accepted = try accepts(test)
            switch test.result {
            case .valid:
                valid += 1
                #expect(accepted, "\(name) \(test.id): refused, but is valid")
            case .invalid:
                invalid += 1
                #expect(!accepted, "\(name) \(test.id): accepted, but is invalid")
            case .acceptable:
                acceptable += 1
            }
        }
        print("\(name): \(file.cases.count) cases: \(valid) valid, \(invalid) invalid, \(acceptable) acceptable")
        #expect(valid > 0 && valid + invalid + acceptable == file.count)
    }
}
