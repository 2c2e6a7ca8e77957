package import MusterMetadata
package import MusterModel
package import MusterProcess
package import MusterStore

/// A run of a bucket while an engine of this machine moves it: its lease, and the files of its attempts on their way.
package struct MovedRun: Sendable {
    private let lease: BucketLease
    private let uploads: RunUploads
    /// For places whose nodes see nothing but the bucket.
    package let attempts: AttemptMirror

    /// Takes the run's lease and brings its events up to date. The caller holds the run's lock.
    /// - Parameters:
    ///   - isNew: Nobody else can know of the run.
    ///   - address: Names the object with a key for a node.
    ///   - observe: Takes warnings.
    ///   - onWait: Called before another engine's sign of life is waited for, with the most seconds.
    /// - Throws: `StoreError` with code `busy` when another engine has the run, and the bucket's errors.
    package init(
        _ run: RunKey, in bucket: Bucket, layout: StoreLayout, settings: BucketSettings, isNew: Bool,
        address: @escaping @Sendable (_ key: String) -> String,
        observe: @escaping @Sendable (EngineObservation) -> Void,
        onWait: @Sendable (ProcessPlace, Double) -> Void
    ) async throws {
        let times = BucketLease.Times(interval: settings.leaseInterval, cancelInterval: settings.cancelInterval)
        self.lease = try await BucketLease.take(run, bucket.objects, times, isNew: isNew, onWait: onWait)
        self.uploads = RunUploads(run, near: layout, bucket.objects, interval: settings.logInterval) {
            observe(.warning($0))
        }
        let uploads = self.uploads
        self.attempts = AttemptMirror(run, near: layout, bucket.objects, address: address) { uploads.sentBytes(of: $0) }
        if !isNew { try await bucket.metadata.caughtUp(run, evenIfHeldHere: true) }
    }

    /// Notes which files there are to send.
    package func note(_ observation: EngineObservation) { self.uploads.note(observation) }

    /// Runs `body`, the engine, beside signs of life and uploads; when it returns or throws, everything has been sent that
    /// can be, and the lease has been given back.
    /// - Parameters:
    ///   - onLoss: Called when another engine has taken the run over.
    ///   - onCancel: Called when somebody asks for the end of the run, with the author.
    package func during<Value: Sendable>(
        onLoss: @escaping @Sendable (ProcessPlace) -> Void, onCancel: @escaping @Sendable (String) -> Void,
        _ body: () async throws -> Value
    ) async throws -> Value {
        let (lease, uploads) = (self.lease, self.uploads)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await lease.keep(onLoss: onLoss, onCancel: onCancel) }
            group.addTask { await uploads.keepSending() }
            let result: Result<Value, any Error>
            do { result = .success(try await body()) } catch { result = .failure(error) }
            group.cancelAll()
            try await group.waitForAll()
            await uploads.finish()
            await lease.end()
            return try result.get()
        }
    }
}
