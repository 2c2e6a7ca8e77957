import Foundation
package import MusterBackends
package import MusterModel
import Synchronization

/// Gangs as pods of a Kubernetes cluster, owned by one ConfigMap each: whoever deletes that has the cluster collect all of
/// them.
/// It needs nothing installed in the cluster, no Service and no name.
package final class KubernetesBackend: ComputeBackend {
    package static let name = "kubernetes"
    package var name: String { Self.name }

    /// The agent in a pod's container, where it comes from an image of its own.
    package static let installedAgent = PodManifest.agent

    package let capabilities: BackendCapabilities

    /// The facts of this process about jobs.
    private struct Ledger {
        /// Namespaces in which jobs may be.
        var namespaces: Set<String>
        /// Of jobs, by name.
        var places: [String: (namespace: String, nodes: Int)] = [:]
        var watches: [String: PodWatch] = [:]
        /// Since when a job has had no pod, in an unbroken row of answers.
        var missing: [String: ContinuousClock.Instant] = [:]
        /// Jobs of which pods were seen: without any they have been removed.
        var seen: Set<String> = []
        var slow = SlowStarts()
    }

    private let client: KubernetesClient
    private let store: String
    /// Options of the settings, which the decorator's go before.
    private let defaults: [String: JSONValue]
    /// Seconds for which no pod of a job has to be there before it is gone: a new one is heard of a moment later.
    private let oblivion: Double
    private let start = ContinuousClock.now
    private let ledger: Mutex<Ledger>
    private let submissions = SharedWork<BackendJob>()

    /// - Parameters:
    ///   - store: The store's location, which the jobs' names depend on.
    ///   - defaults: Options for every gang; the decorator's own win.
    ///   - namespaces: Where jobs of earlier engines may be, besides the usual one.
    package init(
        client: KubernetesClient, store: String, defaults: [String: JSONValue] = [:], namespaces: [String] = [],
        queue: QueueSettings = QueueSettings(), oblivion: Double = 20
    ) {
        self.client = client
        self.store = store
        self.defaults = defaults
        self.oblivion = oblivion
        // A look asks the watch, and nobody else.
        self.capabilities = BackendCapabilities(
            lookEvery: 1, lookEveryWhenQuiet: 2, submissionBurst: 20, submissionsPerSecond: 2, takesImages: true,
            sharesFolder: false,
            // A gang that is let go because some of its nodes have no machine is so for that reason, and not because they are late.
            rendezvousDeadline: queue.placementDeadline + 60, deliversKey: true
        ).changed(by: queue)
        var all = Set(namespaces)
        if case .string(let name)? = defaults["namespace"] {
            all.insert(name)
        } else {
            all.insert(client.access.namespace)
        }
        self.ledger = Mutex(Ledger(namespaces: all))
    }

    package func request(for launch: GangLaunch) throws(BackendError) -> BackendRequest {
        let options = try KubernetesOptions(self.defaults.merging(launch.place.options) { $1 }, for: launch)
        let request = try GangRequest(launch, options, namespace: self.client.access.namespace)
        return BackendRequest(name: launch.name, kind: "json", text: try request.text())
    }

    // MARK: - Submitting

    package func submit(_ request: BackendRequest) async throws(BackendError) -> BackendJob {
        try await self.submit(request, key: nil)
    }

    package func submit(_ request: BackendRequest, key: [UInt8]?) async throws(BackendError) -> BackendJob {
        try await self.submissions.once(request.name) { () async throws(BackendError) in
            try await self.submitOnce(request, key)
        }
    }

    private func submitOnce(_ request: BackendRequest, _ key: [UInt8]?) async throws(BackendError) -> BackendJob {
        let gang = try GangRequest(text: request.text)
        self.ledger.withLock {
            $0.namespaces.insert(gang.namespace)
            $0.places[request.name] = (gang.namespace, gang.nodes)
        }
        switch await self.make(gang, request.name, key) {
        case .success(let owner): return BackendJob(id: owner, name: request.name)
        case .failure(let error): throw error.backendError
        }
    }

    /// - Returns: The identifier of the ConfigMap that owns the gang.
    private func make(
        _ gang: GangRequest, _ name: String, _ key: [UInt8]?
    ) async -> Result<String, KubernetesError> {
        let made = await self.makeOwner(gang, name)
        guard case .success(let owner) = made else { return made.map(\.uid) }
        guard let error = await self.fill(gang, name, key ?? [], owner) else { return .success(owner.uid) }
        // A gang of which some pods were refused is none: nothing of it takes the place of others. One that an earlier request
        // has made may run.
        if owner.isNew, error.status != nil { _ = await self.delete(name, in: gang.namespace, owner: owner.uid) }
        return .failure(error)
    }

    /// Makes what the owner owns.
    private func fill(_ gang: GangRequest, _ name: String, _ key: [UInt8], _ owner: Owner) async -> KubernetesError? {
        if let error = await self.makeSecret(gang, name, key, owner) { return error }
        return await withTaskGroup(of: KubernetesError?.self) { group in
            var errors: [KubernetesError] = []
            for index in 0..<gang.nodes {
                if index >= Self.atOnce, let error = await group.next() ?? nil { errors.append(error) }
                // A pod that is refused will be so for the other nodes too.
                if !errors.isEmpty { break }
                group.addTask { await self.makePod(index, gang, name, owner.uid) }
            }
            for await error in group { if let error { errors.append(error) } }
            return errors.first
        }
    }

    /// Pods that are made at the same time.
    private static let atOnce = 8

    private struct Object: Decodable {
        var metadata: Metadata
        var data: [String: String]?

        struct Metadata: Decodable {
            var name: String
            var uid: String?
            var labels: [String: String]?
            var deletionTimestamp: String?
            var ownerReferences: [Owner]?
        }
        struct Owner: Decodable { var uid: String }
    }

    /// The ConfigMap that owns a gang.
    private struct Owner {
        var uid: String
        /// This request has made it.
        var isNew: Bool
    }

    /// Makes the owner, or finds the one that an earlier request has made.
    private func makeOwner(_ gang: GangRequest, _ name: String) async -> Result<Owner, KubernetesError> {
        let path = "/api/v1/namespaces/\(gang.namespace)/configmaps"
        do throws(KubernetesError) {
            let data = try await self.client.send("POST", path, body: gang.owner)
            return Self.identifier(data).map { Owner(uid: $0, isNew: true) }
        } catch {
            guard error.reason == "AlreadyExists" else { return .failure(error) }
        }
        do throws(KubernetesError) {
            let data = try await self.client.send("GET", "\(path)/\(name)")
            return Self.identifier(data).map { Owner(uid: $0, isNew: false) }
        } catch {
            return .failure(error)
        }
    }

    private func makeSecret(
        _ gang: GangRequest, _ name: String, _ key: [UInt8], _ owner: Owner
    ) async -> KubernetesError? {
        do throws(KubernetesError) {
            _ = try await self.client.send(
                "POST", "/api/v1/namespaces/\(gang.namespace)/secrets",
                body: gang.secret(holding: key, of: name, owner: owner.uid))
            return nil
        } catch {
            guard error.reason == "AlreadyExists" else { return error }
            // That of a gang of this name which is being collected goes with it.
            return owner.isNew
                ? KubernetesError(
                    status: 409, reason: "",
                    message: "the Secret \(name) of an earlier submission is still being removed")
                : nil
        }
    }

    private static func identifier(_ data: Data) -> Result<String, KubernetesError> {
        guard let object = try? JSONDecoder().decode(Object.self, from: data), let uid = object.metadata.uid else {
            return .failure(KubernetesError(reason: "", message: "the API server's answer names no object"))
        }
        guard object.metadata.deletionTimestamp == nil else {
            return .failure(
                KubernetesError(
                    status: 409, reason: "", message: "the gang of an earlier submission is still being removed"))
        }
        return .success(uid)
    }

    private func makePod(_ index: Int, _ gang: GangRequest, _ name: String, _ owner: String) async -> KubernetesError? {
        let path = "/api/v1/namespaces/\(gang.namespace)/pods"
        do throws(KubernetesError) {
            _ = try await self.client.send("POST", path, body: gang.pod(index, of: name, owner: owner))
            return nil
        } catch {
            guard error.reason == "AlreadyExists" else { return error }
        }
        // This gang's, by an earlier request; or one of a gang that is being collected.
        do throws(KubernetesError) {
            let data = try await self.client.send("GET", "\(path)/\(name)-\(index)")
            let found = try? JSONDecoder().decode(Object.self, from: data)
            if found?.metadata.ownerReferences?.contains(where: { $0.uid == owner }) == true { return nil }
            return KubernetesError(
                reason: "", message: "the pod \(name)-\(index) of an earlier submission is still being removed")
        } catch {
            return error
        }
    }

    // MARK: - Looking

    package func look(at jobs: [BackendJob]) async throws(BackendError) -> [BackendJob: JobState] {
        var states: [BackendJob: JobState] = [:]
        var problem: BackendError?
        for job in jobs {
            do throws(BackendError) {
                states[job] = try await self.state(of: job)
            } catch {
                problem = error
            }
        }
        if states.isEmpty, let problem { throw problem }
        return states
    }

    private func state(of job: BackendJob) async throws(BackendError) -> JobState {
        guard let place = try await self.place(of: job.name) else {
            return .ended(JobEnd(kind: .forgotten, reason: "the cluster has no ConfigMap \(job.name)"))
        }
        let watch = self.watch(job.name, in: place.namespace)
        let pods = try await watch.pods().nodes(of: job.name)
        guard !pods.isEmpty else { return try await self.missing(job, in: place.namespace) }
        self.ledger.withLock {
            $0.missing[job.name] = nil
            $0.seen.insert(job.name)
        }
        let state = GangState.state(pods, nodes: place.nodes)
        guard case .ended(let end) = state, end.kind == .preempted, end.reason.hasSuffix(PodState.removed) else {
            return await self.explained(state, of: job, pods, in: place.namespace)
        }
        return .ended(try await self.removal(of: job, in: place.namespace))
    }

    /// The state, with what the cluster has noted about a pod whose container is being made for long. That is a comfort: without
    /// the right to ask, nothing is missing.
    private func explained(
        _ state: JobState, of job: BackendJob, _ pods: [Int: Pod], in namespace: String
    ) async -> JobState {
        let now = self.start.duration(to: .now) / .seconds(1)
        let isDue = self.ledger.withLock { $0.slow.note(job.name, state, at: now) }
        if isDue, let pod = pods.values.first(where: { PodState.wait($0)?.reason == PodState.creating }) {
            let data = try? await self.client.send(
                "GET", "/api/v1/namespaces/\(namespace)/events",
                [("fieldSelector", "involvedObject.kind=Pod,involvedObject.name=\(pod.metadata.name)")])
            let events = data.flatMap { try? JSONDecoder().decode(PodEvents.self, from: $0) }
            self.ledger.withLock { $0.slow.learn(events?.warning, about: job.name) }
        }
        return self.ledger.withLock { $0.slow.explained(state, of: job.name) }
    }

    /// The end of a gang whose pods were deleted: by whoever has ended all of it, or one by one, as when a machine is drained.
    private func removal(of job: BackendJob, in namespace: String) async throws(BackendError) -> JobEnd {
        let owners = try await self.owners("\(GangLabels.job)=\(job.name)", in: namespace)
        return owners.isEmpty
            ? JobEnd(kind: .cancelled, reason: "its ConfigMap was deleted")
            : JobEnd(kind: .preempted, reason: "its pods were deleted")
    }

    private func watch(_ name: String, in namespace: String) -> PodWatch {
        let run = GangLabels.run(ofJob: name)
        return self.ledger.withLock { ledger in
            if let watch = ledger.watches["\(namespace)/\(run)"] { return watch }
            let watch = PodWatch(self.client, namespace: namespace, run: run)
            ledger.watches["\(namespace)/\(run)"] = watch
            return watch
        }
    }

    /// Where the job is, and how large; nil when it is nowhere. A job of an earlier engine is asked for once.
    private func place(of name: String) async throws(BackendError) -> (namespace: String, nodes: Int)? {
        let (known, namespaces) = self.ledger.withLock { ($0.places[name], $0.namespaces.sorted()) }
        if let known { return known }
        for namespace in namespaces {
            for object in try await self.owners("\(GangLabels.job)=\(name)", in: namespace) {
                let place = (namespace, object.data?[GangRequest.size].flatMap { Int($0) } ?? 1)
                self.ledger.withLock { $0.places[name] = place }
                return place
            }
        }
        return nil
    }

    /// A job without pods: they are not heard of yet, or somebody has deleted them.
    private func missing(_ job: BackendJob, in namespace: String) async throws(BackendError) -> JobState {
        let now = ContinuousClock.now
        let (since, isSeen) = self.ledger.withLock { ledger in
            let since = ledger.missing[job.name] ?? now
            ledger.missing[job.name] = since
            return (since, ledger.seen.contains(job.name))
        }
        if isSeen { return .ended(try await self.removal(of: job, in: namespace)) }
        guard since.duration(to: now) >= .seconds(self.oblivion) else {
            return .unknown(reason: "the cluster has no pod of the job yet")
        }
        return .ended(JobEnd(kind: .forgotten, reason: "the cluster has no pod of the job"))
    }

    /// A gang's pods end one by one, and the cluster leaves the others alone.
    package func endedNodes(of job: BackendJob) async throws(BackendError) -> [Int: JobEnd] {
        guard let place = try await self.place(of: job.name) else { return [:] }
        let pods = try await self.watch(job.name, in: place.namespace).pods().nodes(of: job.name)
        return pods.compactMapValues(PodState.end)
    }

    // MARK: - Ending

    package func cancel(_ job: BackendJob) async throws(BackendError) {
        let (place, namespaces) = self.ledger.withLock { ($0.places[job.name], $0.namespaces.sorted()) }
        for namespace in place.map({ [$0.namespace] }) ?? namespaces {
            let error = await self.delete(job.name, in: namespace, owner: job.id.isEmpty ? nil : job.id)
            if let error { throw error.backendError }
        }
    }

    /// The objects of a job that has ended.
    package func remove(_ job: BackendJob) async throws(BackendError) { try await self.cancel(job) }

    /// Deletes the gang's owner; the cluster collects what it owns.
    private func delete(_ name: String, in namespace: String, owner: String?) async -> KubernetesError? {
        var options: [String: JSONValue] = ["propagationPolicy": "Background"]
        if let owner { options["preconditions"] = ["uid": .string(owner)] }
        do throws(KubernetesError) {
            _ = try await self.client.send(
                "DELETE", "/api/v1/namespaces/\(namespace)/configmaps/\(name)", body: .object(options))
            return nil
        } catch {
            // It is gone; or another has its name, which is none of this job's.
            return error.status == 404 || error.status == 409 ? nil : error
        }
    }

    package func find(flow: String, run: String) async throws(BackendError) -> [BackendJob] {
        let prefix = JobName.prefix(flow: flow, run: run, store: self.store)
        var jobs: [BackendJob] = []
        for namespace in self.ledger.withLock({ $0.namespaces.sorted() }) {
            for object in try await self.owners("\(GangLabels.run)=\(GangLabels.run(ofJob: prefix))", in: namespace) {
                guard let uid = object.metadata.uid else { continue }
                jobs.append(BackendJob(id: uid, name: object.metadata.name))
            }
        }
        return jobs
    }

    /// The owners of gangs with these labels that are not being removed.
    private func owners(_ selector: String, in namespace: String) async throws(BackendError) -> [Object] {
        struct List: Decodable { var items: [Object] }
        do throws(KubernetesError) {
            let data = try await self.client.send(
                "GET", "/api/v1/namespaces/\(namespace)/configmaps", [("labelSelector", selector)])
            guard let list = try? JSONDecoder().decode(List.self, from: data) else {
                throw KubernetesError(reason: "", message: "the API server's list of ConfigMaps cannot be understood")
            }
            return list.items.filter { $0.metadata.deletionTimestamp == nil }
        } catch {
            throw error.backendError
        }
    }
}
