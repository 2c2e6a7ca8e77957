package import MusterModel
package import MusterWire

/// A gang as it is sent to a place with a queue: the order, which goes into the store, and the scheduler's request.
package struct QueuedRequest: Sendable, CustomStringConvertible {
    package let attempt: AttemptID
    let order: GangOrder
    /// The path of the attempt's objects without their names.
    let prefix: String
    package let request: BackendRequest
    /// Equal for attempts of which one can run in the job of the other; nil for one that has to have its own.
    let shape: GangLaunch?
    /// Seconds that the job may wait, by the step's own option; nil: as long as the settings say.
    let queueDeadline: Double?

    /// The attempt may run in a job that has run others. One that is tried again has its own: the other job's time limit or
    /// a fault of its node may be the reason.
    var mayReuseJob: Bool { self.shape != nil && self.attempt.attempt == 0 }

    package var description: String { self.request.text }
}

/// The settings of a place with a queue that do not change from gang to gang.
package struct QueuedSettings: Sendable, Hashable {
    /// The agent's command on every node, before its verb.
    package var agent: [String]
    /// The store's name, which the jobs' names depend on.
    package var store: String
    /// The flow's code, for nodes that see nothing but the bucket; nil where they see the store's folder.
    package var carried: CarriedCode?
    /// Seconds for all nodes of a job that runs to come to the rendezvous.
    package var rendezvousDeadline: Double
    /// Seconds between SIGTERM and SIGKILL.
    package var grace: Double
    /// Other times of the agents, and how much they log; nil: the defaults.
    package var node: NodeSettings?
    package var timing: QueuedGangTiming

    package init(
        agent: [String], store: String, rendezvousDeadline: Double = 300, grace: Double = 1.5,
        node: NodeSettings? = nil, timing: QueuedGangTiming = QueuedGangTiming()
    ) {
        self.agent = agent
        self.store = store
        self.rendezvousDeadline = rendezvousDeadline
        self.grace = grace
        self.node = node
        self.timing = timing
    }
}

extension QueuedRequest {
    /// Seconds beyond the step's own limit that the place's limit leaves for forming and reporting.
    private static let margin = 600.0

    /// - Parameters:
    ///   - prefix: The path of the attempt's objects on this machine, without their names.
    ///   - order: The order as nodes find it.
    init<Backend: ComputeBackend>(
        _ gang: GangSpec, prefix: String, order address: String, _ settings: QueuedSettings, _ backend: Backend
    ) async throws(BackendError) {
        let place = gang.step.settings.place ?? PlaceSettings(name: backend.name)
        let resources = Self.resources(gang.step.settings)
        if let largest = backend.capabilities.largestGang, gang.size > largest {
            throw BackendError(
                code: .refused,
                message:
                    "\(backend.name) takes gangs of at most \(largest) nodes, and \(gang.step.name) asks for \(gang.size)",
                isTransient: false)
        }
        self.attempt = gang.attempt
        self.prefix = prefix
        let launch = GangLaunch(
            attempt: gang.attempt, name: JobName.of(gang.attempt, store: settings.store), nodes: gang.size,
            minimum: gang.minimum, resources: resources,
            command: settings.agent + ["node", "--order", address],
            setupFailed: settings.agent + ["setup-failed", "--order", address],
            folder: settings.carried == nil ? String(prefix.dropLast()) : nil,
            timeLimit: gang.step.settings.timeout.map { $0 + Self.margin },
            place: place)
        self.request = try await backend.request(for: launch)
        self.queueDeadline = place.queueDeadline
        // An agent looks for its job's next attempt every 20 ms, which is too often for a bucket.
        let isReusable = backend.capabilities.reuseWindow > 0 && gang.size == 1 && settings.carried == nil
        self.shape = isReusable ? launch.anonymous : nil
        var order = GangOrder(gang, settings, resources, network: place.options["network"]?.text)
        order.python = place.options["executable"]?.text
        order.reuseWait = isReusable ? settings.timing.reuseWait : nil
        self.order = order
    }

    /// All that a node asks for, at this place: what the step needs and what its place's decorator asks for.
    private static func resources(_ settings: StepSettings) -> Resources? {
        guard let needs = settings.resources else { return settings.elsewhere }
        guard let more = settings.elsewhere else { return needs }
        return Resources(
            cpu: max(needs.cpu, more.cpu), gpu: max(needs.gpu, more.gpu), memory: max(needs.memory, more.memory))
    }
}

extension GangLaunch {
    /// The launch without anything of its attempt. Equal ones have equal requests but for names and paths.
    fileprivate var anonymous: GangLaunch {
        var launch = self
        launch.attempt = AttemptID(flow: "", run: "", step: "", task: 0, attempt: 0)
        (launch.name, launch.command, launch.setupFailed, launch.folder) = ("mu", [], nil, "/")
        return launch
    }
}

extension GangOrder {
    fileprivate init(_ gang: GangSpec, _ settings: QueuedSettings, _ resources: Resources?, network: String?) {
        self.init(
            attempt: gang.attempt, size: gang.size, minimum: gang.minimum,
            rendezvousDeadline: settings.rendezvousDeadline, timeout: gang.step.settings.timeout,
            timeoutPatience: gang.step.settings.timeoutPatience, grace: settings.grace, program: gang.program,
            task: TaskFile(gang, node: 0), store: gang.store, package: gang.package, environment: gang.environment,
            framework: gang.step.settings.framework, cpus: resources?.cpu ?? 0, gpus: resources?.gpu ?? 0,
            memory: resources?.memory ?? 0, network: network)
        self.settings = settings.node
        self.carried = settings.carried
        self.carried?.environment = gang.carried
    }
}

extension QueuedSettings {
    package init(agent: [String], store: String, _ settings: Settings) {
        var timing = QueuedGangTiming()
        timing.submission = settings.queue.submissionDeadline
        timing.queue = settings.queue.waitDeadline
        timing.placement = settings.queue.placementDeadline
        self.init(
            agent: agent, store: store, rendezvousDeadline: settings.queue.rendezvousDeadline,
            grace: settings.gang.grace, node: settings.node == NodeSettings() ? nil : settings.node, timing: timing)
    }
}

extension PlaceSettings {
    /// Seconds that a job of the step may wait in the queue: an option of every place with one, in minutes. Its backend has
    /// refused what is no time.
    var queueDeadline: Double? {
        switch self.options["queue_deadline"] ?? self.options["queueDeadline"] {
        case .int(let minutes)?: Double(minutes) * 60
        case .double(let minutes)?: minutes * 60
        case .string(let text)?: Double(text).map { $0 * 60 }
        default: nil
        }
    }
}

extension JSONValue {
    fileprivate var text: String? { if case .string(let text) = self { text } else { nil } }
}
