package import MusterHTTP
package import MusterObjects

/// The credentials in use: fetched once for all requests of a process, and again before their end.
package actor CredentialKeeper {
    /// Seconds before their end at which credentials are replaced.
    private static let early = 300.0
    /// Seconds between two tries while the old ones are still valid.
    private static let interval = 30.0

    private let surroundings: Surroundings
    private let fetch: @Sendable () async throws(ObjectStoreError) -> Credentials
    private var current: Credentials?
    private var nextTry = 0.0
    private var running: Task<Result<Credentials, ObjectStoreError>, Never>?

    package init(
        surroundings: Surroundings, fetch: @escaping @Sendable () async throws(ObjectStoreError) -> Credentials
    ) {
        self.surroundings = surroundings
        self.fetch = fetch
    }

    /// Gets the credentials that AWS's variables and files name.
    /// - Parameters:
    ///   - region: Of the service that gives temporary ones.
    ///   - trust: The authorities of that service.
    package init(
        _ profiles: AWSProfiles, region: String, trust: HTTPTrust, surroundings: Surroundings = .real
    ) {
        let fetcher = CredentialFetcher(profiles: profiles, region: region, trust: trust, surroundings: surroundings)
        self.init(surroundings: surroundings) { () async throws(ObjectStoreError) in
            try await fetcher.fetch(CredentialSource.find(profiles))
        }
    }

    /// Valid credentials.
    /// - Parameter refused: Those that a server has just taken for expired, whatever their time says.
    package func credentials(besides refused: Credentials? = nil) async throws(ObjectStoreError) -> Credentials {
        let now = self.surroundings.now()
        if let current = self.current, current != refused {
            guard let expires = current.expires, expires - now < Self.early else { return current }
            // Until their end the old ones do: a service that fails for a moment stops nobody. One that fails on is told of
            // when they have ended, by the refresh below.
            if expires > now {
                guard self.surroundings.uptime() >= self.nextTry else { return current }
                self.nextTry = self.surroundings.uptime() + Self.interval
                if let new = try? await self.refresh().get() { return new }
                return current
            }
        }
        return try await self.refresh().get()
    }

    /// One fetch at a time: everybody waits for the same.
    private func refresh() async -> Result<Credentials, ObjectStoreError> {
        if let running = self.running { return await running.value }
        let task = Task { [fetch] () -> Result<Credentials, ObjectStoreError> in
            do throws(ObjectStoreError) { return .success(try await fetch()) } catch { return .failure(error) }
        }
        self.running = task
        let result = await task.value
        self.running = nil
        if case .success(let new) = result { self.current = new }
        return result
    }
}
