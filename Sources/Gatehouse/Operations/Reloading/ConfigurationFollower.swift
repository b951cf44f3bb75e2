import GatehouseSystem

/// Looks after a source again and again, and tells when it has something new that stands still.
///
/// A file that is being written changes from look to look, and a key may come a moment after its certificate: what has
/// changed is read when two looks in a row find it the same, and again if it changes while it is read.
struct ConfigurationFollower: Sendable {
    let source: any ConfigurationSource
    let interval: Duration
    /// Tells this follower from others that the server had.
    let number: Int
    /// The version that was read last, whether it could be used or not.
    private var known: String
    /// A version that was seen once.
    private var candidate: String?

    /// What a look came to.
    enum Finding: Sendable {
        case nothing
        case read(Result<SSLConfiguration, SocketFailure>)
    }

    init(_ source: any ConfigurationSource, every interval: Duration, number: Int, known: String) {
        self.source = source
        self.interval = interval
        self.number = number
        self.known = known
    }

    /// Reads a source as it is now, with its version.
    static func read(_ source: any ConfigurationSource) -> (version: String, Result<SSLConfiguration, SocketFailure>) {
        let version = source.version
        do {
            return (version, .success(try source.configuration()))
        } catch let failure as SocketFailure {
            return (version, .failure(failure))
        } catch {
            return (version, .failure(SocketFailure(.sslInvalidUserData, "\(error)")))
        }
    }

    /// Looks once.
    mutating func look() -> Finding {
        let now = source.version
        guard now != known else {
            candidate = nil
            return .nothing
        }
        guard now == candidate else {
            candidate = now
            return .nothing
        }
        let (version, result) = Self.read(source)
        guard source.version == version else {
            candidate = nil
            return .nothing
        }
        known = version
        candidate = nil
        return .read(result)
    }
}

// MARK: - The server's side

extension SSLServer {
    /// Takes the configuration from a source, now and whenever it changes there. Connections keep the one that they
    /// began with; none is dropped. A new one that cannot be used changes nothing: ``configurationReloadFailed`` tells
    /// why, and ``configurationReloaded`` of every one that was taken.
    ///
    /// - Parameters:
    ///   - source: ``ConfigurationFiles``, for example. It is read here and now, then on threads of its own.
    ///   - interval: how often it is looked at. What has changed is read when two looks find it the same: twice the
    ///     interval is how long a change takes.
    /// - Throws: `SocketFailure` when it cannot be used as it is now; then nothing changes.
    public func followConfiguration(
        from source: some ConfigurationSource, every interval: Duration = .seconds(1)
    ) throws(SocketFailure) {
        let (version, result) = ConfigurationFollower.read(source)
        try setSSLConfiguration(try result.get())
        followers += 1
        follower = ConfigurationFollower(source, every: interval, number: followers, known: version)
        awaitNextLook()
    }

    /// Keeps the configuration that it has now, whatever changes.
    public func stopFollowingConfiguration() {
        follower = nil
    }

    private func awaitNextLook() {
        guard let follower else { return }
        _ = loop.deadline(after: follower.interval) { [weak self] in
            self?.assumeIsolated { $0.look(follower.number) }
        }
    }

    /// Files may lie on a disk that is slow to answer: never on the loop's thread.
    private func look(_ number: Int) {
        guard let follower, follower.number == number else { return }
        do {
            try SystemThread.start { [weak self] in
                var looking = follower
                let finding = looking.look()
                let looked = looking
                self?.perform { $0.found(finding, looked) }
            }
        } catch {
            awaitNextLook()
        }
    }

    private func found(_ finding: ConfigurationFollower.Finding, _ looked: ConfigurationFollower) {
        guard follower?.number == looked.number else { return }
        follower = looked
        awaitNextLook()
        guard case .read(let result) = finding else { return }
        do throws(SocketFailure) {
            try setSSLConfiguration(try result.get())
            configurationReloaded.emit(from: self)
        } catch {
            configurationReloadFailed.emit(from: self, error)
        }
    }
}
