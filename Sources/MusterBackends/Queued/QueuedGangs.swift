import FoundationEssentials
package import MusterModel
import MusterSystem
package import MusterWire
import Synchronization

/// Runs the gangs of one place with a queue: one loop around ``QueuedGang``, for every ``ComputeBackend``.
///
///     store ──claim, signs of life, statuses, report──▶ ┌────────────┐ ──order, key, stop──▶ store
///     scheduler ──job states, one call for all───────▶ │ QueuedGang │ ──submit, cancel──▶ scheduler
///                                                       └────────────┘ ──observations──▶ engine
///
/// Calls to the scheduler run beside the loop, and their results come back into it. The store is read on a queue of its
/// own, since a network file system may stall.
package final class QueuedGangs<Backend: ComputeBackend>: GangRunner {
    package var name: String { self.backend.name }
    package let capabilities: RunnerCapabilities

    private let settings: QueuedSettings
    private let backend: Backend
    private let prefix: @Sendable (AttemptID) -> String
    private let courier: (any AttemptCourier)?
    private let observer = GangObserver()
    private let loop: QueuedLoop<Backend>
    private let problems = Mutex<[String]>([])

    /// - Parameters:
    ///   - prefix: The path of an attempt's objects without their names.
    ///   - courier: Carries their objects to nodes that do not see the folder; nil where they do.
    ///   - now: Seconds of a clock that never goes back.
    package init(
        _ backend: Backend, settings: QueuedSettings, prefix: @escaping @Sendable (AttemptID) -> String,
        courier: (any AttemptCourier)? = nil, now: @escaping @Sendable () -> Double = Uptime.now
    ) {
        self.backend = backend
        self.settings = settings
        self.prefix = prefix
        self.courier = courier
        self.capabilities = RunnerCapabilities(capacity: nil, runsInPlace: false, seesFolder: courier == nil)
        let observer = self.observer
        self.loop = QueuedLoop(backend, settings.timing, courier: courier, now: now) { observer.tell($0) }
    }

    package func observe(_ body: @escaping @Sendable (GangObservation) -> Void) { self.observer.set(body) }

    package func request(for gang: GangSpec) async throws -> QueuedRequest {
        let prefix = self.prefix(gang.attempt)
        let order = self.courier?.orderAddress(of: gang.attempt) ?? "\(prefix)\(AttemptObject.order.name)"
        return try await QueuedRequest(gang, prefix: prefix, order: order, self.settings, self.backend)
    }

    package func rendering(of gang: GangSpec) async throws -> BackendRequest? {
        try await self.request(for: gang).request
    }

    package func submit(_ request: QueuedRequest) async throws {
        await self.loop.add(request, job: nil)
    }

    package func cancel(_ attempt: AttemptID, because failure: TaskFailure) async {
        await self.loop.stop(attempt, failure)
    }

    package func takeOver(
        _ gangs: [StartedGang], flow: String, run: String, beside alive: Set<AttemptID>
    ) async -> Set<AttemptID> {
        await self.fetchFirst()
        for gang in gangs {
            do {
                let request = try await self.request(for: gang.spec)
                await self.loop.add(request, job: gang.job.map { BackendJob(id: $0, name: request.request.name) })
            } catch {
                // To start it again would run its bodies twice: its job may live until it is ended below.
                let failure = TaskFailure(
                    code: .refused, message: "the gang of \(gang.spec.attempt) cannot be taken over: \(error)")
                self.observer.tell(GangObservation(attempt: gang.spec.attempt, event: .finished(.none(failure))))
            }
        }
        let problems = await self.loop.endOthers(flow: flow, run: run)
        self.problems.withLock { $0 += problems }
        return Set(gangs.map(\.spec.attempt))
    }

    /// Another machine's engine may have begun the gangs: this one has neither their keys nor their last words.
    private func fetchFirst() async {
        do {
            try await self.courier?.fetch()
        } catch {
            self.problems.withLock { $0.append("what the gangs have told cannot be read yet: \(error)") }
        }
    }

    package func leftovers() async -> [String] { self.problems.withLock { $0 } }

    package func rest() async { await self.loop.rest() }
}
