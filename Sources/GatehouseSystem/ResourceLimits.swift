import Glibc

/// What the system allows this process.
package enum ResourceLimits {
    /// Allows as many descriptors as the system permits: the customary limit of 1024 is for programs that use
    /// select(2). A refusal leaves the limit as it was.
    package static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
