import FoundationEssentials
import Muster

/// A framework as another package would add it: a token goes around the nodes, through a port of each.
///
/// The attribute, the decorator's value, the framework, and `current.ring`.
@attached(peer)
macro Ring(_ greeting: String) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

struct Ring: Decorator {
    static var name: String { "ring" }
    var greeting: String

    init(_ greeting: String) { self.greeting = greeting }

    var options: [String: JSONValue] { ["greeting": .string(self.greeting)] }
    var framework: (any Framework)? { RingFramework() }
    func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "ring", options: self.options)
    }
}

struct RingFramework: Framework {
    static let name = "ring"
    /// Beside the flow, wherever that was started.
    private static let script = "Scripts/ring.py"

    func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        if ProcessInfo.processInfo.environment["RING_IS_BROKEN"] != nil {
            throw FrameworkError("ring: this machine cannot be a part of a ring")
        }
        return ClusterSetup(ports: 1, stages: 1)
    }

    /// A service that says that it is there, on every node.
    func services(settings: [String: JSONValue], _ context: SetupContext) throws(FrameworkError) -> SetupPlan {
        guard case .string(let greeting)? = settings["greeting"] else {
            throw FrameworkError("ring: greeting is missing")
        }
        let service = PlannedProcess(
            label: "the ring's guard", arguments: ["/bin/sh", "-c", "echo guard is up; exec sleep 1000"],
            environment: context.environment)
        return SetupPlan(
            services: [PlannedService(process: service, stage: 0, readiness: .output(text: "guard is up"))],
            environment: ["RING_GREETING": greeting, "RING_ID": context.clusterID])
    }

    func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        let known: Set = ["laps", "pause"]
        if let unknown = options.keys.first(where: { !known.contains($0) }) {
            throw FrameworkError("ring has no option '\(unknown)'; its options are laps and pause")
        }
        guard case .int(let laps)? = options["laps"], laps > 0 else {
            throw FrameworkError("ring: laps must be a whole number above 0")
        }
        guard case .int(let pause) = options["pause"] ?? .int(0), pause >= 0 else {
            throw FrameworkError("ring: pause must be a whole number of milliseconds")
        }
        let checked: [String: JSONValue] = ["laps": .int(laps), "pause": .int(pause)]
        return CheckedLaunch(
            request: LaunchRequest(framework: Self.name, options: checked, processes: 1), files: [Self.script])
    }

    func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let nodes = context.roster.nodes
        let next = nodes[(context.node + 1) % nodes.count]
        guard case .int(let laps)? = request.options["laps"], case .int(let pause)? = request.options["pause"],
            let own = nodes[context.node].ports.first, let target = next.ports.first
        else { throw FrameworkError("ring: the nodes keep no ports free") }
        let process = PlannedProcess(
            label: "link \(context.node)",
            arguments: [
                "python3", context.place(of: Self.script), nodes[context.node].address, "\(own)", next.address,
                "\(target)",
                "\(laps)",
                "\(context.node)", "\(pause)",
            ],
            environment: context.environment)
        return LaunchPlan(processes: [process])
    }
}

extension Current {
    var ring: RingRunner { RingRunner(current: self) }
}

struct RingRunner {
    let current: Current

    /// - Parameter pause: Milliseconds for which each node keeps the token.
    func turn(laps: Int, pause: Int = 0) async throws {
        try await self.current.launch("ring", options: ["laps": .int(laps), "pause": .int(pause)])
    }
}

@Flow
struct RingFlow {
    @Parameter("How many nodes.") var nodes = 3
    @Parameter("How often the token goes around.") var laps = 2

    @Step func start() -> Next { .turn(nodes: nodes) }

    @Ring("hello ring")
    @Step func turn() async throws -> Next {
        try expect(ProcessInfo.processInfo.environment["RING_GREETING"], "hello ring", "the greeting")
        try await current.ring.turn(laps: laps)
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() { print("the ring is whole") }
}
