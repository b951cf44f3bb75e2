import Glibc

/// The process's environment.
package enum Environment {
    /// The value of a variable; nil if it is not set.
    package static func value(of name: String) -> String? {
        // getenv(3) returns a string that stays as long as nobody changes the environment, which this program does not.
        getenv(name).map { String(cString: $0) }
    }
}
