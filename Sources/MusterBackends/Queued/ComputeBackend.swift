/// A place with a queue of its own, such as Slurm: starts equal commands on N nodes, tells how they fare, ends them.
///
/// A backend translates and reports. It holds no run state: a ``BackendJob`` is everything that is needed to find a job
/// again, and how an attempt ended stands in the store. Calls may come from any task, at once. The page
/// `Documentation/Backends.md` is the contract.
public protocol ComputeBackend: Sendable {
    /// The name of the place in flows and in the store: `slurm`. The same for the life of this value.
    var name: String { get }

    /// The same for the life of this value.
    var capabilities: BackendCapabilities { get }

    /// Renders `launch` without asking the place, and without a clock: equal launches give equal texts, and none holds a
    /// secret.
    /// - Throws: An error of code ``BackendError/Code/options`` or ``BackendError/Code/refused``.
    func request(for launch: GangLaunch) async throws(BackendError) -> BackendRequest

    /// Sends `request`. A job of its name that exists already is returned and not made again.
    ///
    /// After a transient error nothing is known: the place may have accepted the job.
    func submit(_ request: BackendRequest) async throws(BackendError) -> BackendJob

    /// The same, with the 32 bytes of the key of the nodes' connections, which the place hands to them in a way that nobody
    /// else sees. Called where ``BackendCapabilities/deliversKey`` is true.
    func submit(_ request: BackendRequest, key: [UInt8]?) async throws(BackendError) -> BackendJob

    /// The states of `jobs`, in one call to the place however many there are.
    ///
    /// A job that is missing from the answer is unknown, and all are when this throws; neither means that it is gone.
    func look(at jobs: [BackendJob]) async throws(BackendError) -> [BackendJob: JobState]

    /// Ends the job and all of its nodes. Succeeds when it has ended or was never known. An empty ``BackendJob/id`` stands
    /// for every job of that name.
    func cancel(_ job: BackendJob) async throws(BackendError)

    /// The nodes of `job` that have ended while it runs on, by their indices. Asked now and then while a job runs and not
    /// all of its nodes have come. A place that ends a job with any of its nodes has nothing to tell, which is the default.
    func endedNodes(of job: BackendJob) async throws(BackendError) -> [Int: JobEnd]

    /// Removes what the place keeps of a job that has ended and that nobody asks for any more. A place that forgets by itself
    /// has nothing to do, which is the default.
    func remove(_ job: BackendJob) async throws(BackendError)

    /// The jobs of the run in this store that have not ended: what an engine that died has left.
    func find(flow: String, run: String) async throws(BackendError) -> [BackendJob]
}

extension ComputeBackend {
    public func submit(_ request: BackendRequest, key: [UInt8]?) async throws(BackendError) -> BackendJob {
        try await self.submit(request)
    }

    public func remove(_ job: BackendJob) async throws(BackendError) {}

    public func endedNodes(of job: BackendJob) async throws(BackendError) -> [Int: JobEnd] { [:] }
}
