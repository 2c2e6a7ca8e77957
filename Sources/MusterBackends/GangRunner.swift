package import MusterModel
package import MusterWire

/// The engine's interface to one place: it starts gangs there, reports their state and stops them.
///
/// This machine has its own runner; every place with a queue is a ``ComputeBackend`` behind one shared runner. A runner
/// translates and reports; it holds no run state. Differences between places are data (``RunnerCapabilities``).
/// Rendering is separate from sending, so that a dry run prints the text that would be sent.
package protocol GangRunner: Sendable {
    associatedtype Request: Sendable, CustomStringConvertible

    /// The place: `local`, `slurm`.
    var name: String { get }

    var capabilities: RunnerCapabilities { get }

    /// Renders `gang` without sending anything.
    /// - Throws: ``BackendError`` when this place can never run such a gang.
    func request(for gang: GangSpec) async throws -> Request

    /// Renders `gang` as it would be sent to a place with a queue; nil at this machine, which takes no request as text.
    /// - Throws: As ``request(for:)``.
    func rendering(of gang: GangSpec) async throws -> BackendRequest?

    /// Starts all of the gang's nodes, or none. Submitting an attempt again that is running changes nothing. It returns
    /// without waiting for a scheduler: such a place submits in the background and tells
    /// ``GangObservation/Event/submitted(job:)`` later.
    func submit(_ request: Request) async throws

    /// Calls `body` with observations of submitted gangs, in order for each gang, from any thread; it must not block.
    /// To be called once, before the first gang. A gang's last observation but ``GangObservation/Event/warning(_:)``
    /// is ``GangObservation/Event/finished(_:)``; no process of the gang is left on its nodes when it comes.
    func observe(_ body: @escaping @Sendable (GangObservation) -> Void)

    /// Ends the attempt for the given reason. Succeeds when it has ended already.
    func cancel(_ attempt: AttemptID, because failure: TaskFailure) async

    /// No gang will follow for now: ends the agents that wait for the next ones, and returns when they have exited.
    func rest() async

    /// Continues after the death of an engine: observes the run's gangs at this place that live or may live, and ends
    /// and removes everything else. To be called once, after ``observe(_:)``.
    /// - Parameters:
    ///   - gangs: The run's gangs at this place that had been started and had not ended.
    ///   - alive: Gangs of the run that live on at other places; their processes may be on this machine.
    /// - Returns: Those that live on. No process or folder of the others is left.
    func takeOver(
        _ gangs: [StartedGang], flow: String, run: String, beside alive: Set<AttemptID>
    ) async -> Set<AttemptID>

    /// A sentence for each thing that earlier engines have left here and that could not be ended or removed.
    func leftovers() async -> [String]
}

extension GangRunner {
    package func rendering(of gang: GangSpec) async throws -> BackendRequest? { nil }

    /// Renders `gang` and submits it.
    /// - Throws: As ``request(for:)`` and ``submit(_:)``.
    package func start(_ gang: GangSpec) async throws {
        try await self.submit(await self.request(for: gang))
    }
}

/// Properties of a place that the engine has to know.
package struct RunnerCapabilities: Sendable, Equatable {
    /// The resources that this engine must not exceed, at a place without a queue; nil for a place with one.
    package var capacity: MachineCapacity?
    /// True when steps can run in the user's own folders, because its nodes are this machine.
    package var runsInPlace: Bool
    /// False when its nodes see nothing but the bucket that the store is in: they fetch artifacts there, and store theirs.
    package var seesFolder: Bool

    package init(capacity: MachineCapacity?, runsInPlace: Bool, seesFolder: Bool = true) {
        self.capacity = capacity
        self.runsInPlace = runsInPlace
        self.seesFolder = seesFolder
    }
}

/// One gang to run: an attempt with everything that its agents need.
package struct GangSpec: Sendable, Equatable {
    package var attempt: AttemptID
    package var size: Int
    /// With how many nodes it may start when no more come in time.
    package var minimum: Int
    package var step: StepManifest
    package var originRun: String?
    package var user: String
    /// The run's own; see `RunRecord`.
    package var tags: [String]?
    package var namespace: String?
    package var parameters: [String: ParameterValue]
    /// The tasks that lead into the gang, and the foreaches that it is inside of.
    package var inputs: [TaskInput]
    package var foreach: [ForeachFrame]
    /// The interpreter of the step's Python environment, or the one that runs a flow in Python.
    package var python: String?
    package var program: [String]
    /// True for a program with the verb `serve`.
    package var serves: Bool
    /// Folders of the store and of the unpacked code package.
    package var store: String
    package var package: String
    /// The folders in which its steps run in place; nil when each node runs in a copy of the code package.
    package var inPlace: InPlace?
    /// Variables on top of what the place's own environment has.
    package var environment: [String: String]
    /// Per node: what was reserved for it.
    package var allotments: [NodeAllotment]
    /// The lock and files from which nodes that do not see the store's folder make the step's Python environment; nil when
    /// it has none.
    package var carried: CarriedEnvironment?

    package init(
        attempt: AttemptID, size: Int, minimum: Int? = nil, step: StepManifest, originRun: String?, user: String,
        parameters: [String: ParameterValue], inputs: [TaskInput], foreach: [ForeachFrame], python: String?,
        program: [String], serves: Bool, store: String, package: String, inPlace: InPlace? = nil,
        environment: [String: String], allotments: [NodeAllotment],
        tags: [String]? = nil, namespace: String? = nil
    ) {
        self.attempt = attempt
        self.size = size
        self.minimum = minimum ?? size
        self.step = step
        self.originRun = originRun
        self.user = user
        self.parameters = parameters
        self.inputs = inputs
        self.foreach = foreach
        self.python = python
        self.program = program
        self.serves = serves
        self.store = store
        self.package = package
        self.inPlace = inPlace
        self.environment = environment
        self.allotments = allotments
        self.tags = tags
        self.namespace = namespace
    }
}

/// Something that happened to a gang.
package struct GangObservation: Sendable, Equatable {
    package enum Event: Sendable, Equatable {
        /// The place has accepted the gang as this job.
        case submitted(job: String)
        /// The job waits in the place's queue; the reason is for people, in the place's own words.
        case waiting(reason: String)
        /// The job runs on these hosts, in node order; empty where the place does not tell.
        case placed(hosts: [String])
        /// The node has come to the rendezvous.
        case joined(node: Int)
        /// The step body has started on the node.
        case started(node: Int)
        /// The node's log has grown to this many bytes.
        case log(node: Int, bytes: Int)
        case ended(node: Int, status: NodeReport.Status)
        /// A sentence for a person, such as that something of the attempt cannot be removed. May come after `finished`.
        case warning(String)
        case finished(GangReport)
    }

    package let attempt: AttemptID
    package let event: Event

    package init(attempt: AttemptID, event: Event) {
        self.attempt = attempt
        self.event = event
    }
}
