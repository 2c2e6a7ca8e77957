import MusterFrameworks
import MusterModel

/// One framework with one set of settings on one gang, called as the agents call it, in the same order.
struct Trial: CustomStringConvertible {
    let framework: any Framework
    let gang: TrialGang
    let settings: [String: JSONValue]
    /// The user's variables, added to those of every node.
    var environment: [String: String] = [
        "GREETING": "good day", "EMPTY": "", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8",
    ]
    var firstPort = 41000
    /// True: dictionaries are passed with another order of their elements.
    var isReordered = false

    var description: String {
        "\(self.gang)" + (self.settings.isEmpty ? "" : ", settings \(JSONValue.object(self.settings).text)")
    }

    private var launchPort: Int { self.firstPort + 900 }
    /// All ports that plans may contain.
    var ports: ClosedRange<Int> { self.firstPort...self.launchPort }

    func setup() throws(FrameworkError) -> ClusterSetup {
        try self.framework.setup(settings: self.ordered(self.settings), size: self.gang.size)
    }

    // MARK: The cluster

    func setupContext(_ node: Int, ports: Int) -> SetupContext {
        SetupContext(
            roster: self.gang.roster(ports: ports, firstPort: self.firstPort), node: node,
            clusterID: "Flow-17-step-3-0", secret: "17x3secret",
            python: "/venv/bin/python3", environment: self.ordered(self.nodeEnvironment(node)),
            folder: "/scratch/\(node)/cluster")
    }

    /// Of all nodes, in their order.
    func services() throws(FrameworkError) -> [SetupPlan] {
        let ports = try self.setup().ports
        var plans: [SetupPlan] = []
        for node in 0..<self.gang.size {
            plans.append(
                try self.framework.services(
                    settings: self.ordered(self.settings), self.setupContext(node, ports: ports)))
        }
        return plans
    }

    // MARK: Launches

    /// The checked requests and the plans of a launch.
    struct Launch {
        var checked: [CheckedLaunch]
        var contexts: [LaunchContext]
        var plans: [LaunchPlan]
    }

    func facts(_ node: Int) -> NodeFacts {
        let equipment = self.gang.equipment.node(node)
        return NodeFacts(
            index: node, size: self.gang.size, cpus: equipment.cpus, gpus: equipment.gpus,
            environment: self.ordered(self.nodeEnvironment(node)))
    }

    func check(_ options: [String: JSONValue]) throws(FrameworkError) -> [CheckedLaunch] {
        var checked: [CheckedLaunch] = []
        for node in 0..<self.gang.size {
            checked.append(
                try self.framework.check(
                    options: self.ordered(options), settings: self.ordered(self.settings), node: self.facts(node)))
        }
        return checked
    }

    func launch(_ options: [String: JSONValue]) throws(FrameworkError) -> Launch {
        let ports = try self.setup().ports
        let roster = self.gang.roster(ports: ports, firstPort: self.firstPort)
        let services = try self.services()
        let checked = try self.check(options)
        let processes = checked.map(\.request.processes)
        var launch = Launch(checked: checked, contexts: [], plans: [])
        for node in 0..<self.gang.size {
            let context = LaunchContext(
                roster: roster, node: node, round: LaunchRound(launch: 1, restart: 0), port: self.launchPort,
                processes: processes, runID: "Flow-17-step-3-0-1", python: "/venv/bin/python3",
                environment: self.ordered(self.nodeEnvironment(node).merging(services[node].environment) { $1 }),
                folder: "/scratch/\(node)/launch-1-0", agent: "/opt/muster-agent")
            launch.contexts.append(context)
            launch.plans.append(try self.framework.plan(self.request(checked, node), context))
        }
        return launch
    }

    /// The request comes from the control node if only its body runs, and from every node otherwise.
    private func request(_ checked: [CheckedLaunch], _ node: Int) -> LaunchRequest {
        guard checked[0].request.asker == .controlNode else { return checked[node].request }
        var request = checked[0].request
        request.processesOfAll = checked.map(\.request.processes)
        return request
    }

    // MARK: Environments

    /// The variables that identify the node.
    func identity(_ node: Int) -> [String: String] {
        [
            NodeEnvironment.flow: "Flow", NodeEnvironment.nodes: "\(self.gang.size)",
            NodeEnvironment.nodeIndex: "\(node)",
            NodeEnvironment.nodeAddress: self.gang.place.address(node),
            NodeEnvironment.controlAddress: self.gang.place.address(0),
            NodeEnvironment.socket: "/scratch/\(node)/agent.sock", NodeEnvironment.workFolder: "/scratch/\(node)/work",
            NodeEnvironment.parallelMainAddress: self.gang.place.address(0),
            NodeEnvironment.parallelNodes: "\(self.gang.size)", NodeEnvironment.parallelNodeIndex: "\(node)",
            "TMPDIR": "/scratch/\(node)/tmp",
        ]
    }

    private func nodeEnvironment(_ node: Int) -> [String: String] {
        self.environment.merging(self.identity(node)) { $1 }
    }

    /// The same dictionary with another order of its elements: no answer may depend on the order.
    private func ordered<Value>(_ values: [String: Value]) -> [String: Value] {
        guard self.isReordered else { return values }
        var other = [String: Value](minimumCapacity: 64 * (values.count + 1))
        for (name, value) in values.sorted(by: { $0.key > $1.key }) { other[name] = value }
        return other
    }
}

extension JSONValue {
    /// Compact, for messages.
    var text: String { (try? self.data()).map { String(decoding: $0, as: UTF8.self) } ?? "?" }
}
