package import MusterModel

/// Plain parallel: a program on one node or on every node of a gang, without a cluster.
///
/// A request's options: `arguments` (list of texts, the program first), `environment` (texts by name), `nodes`: `all`
/// (the default), `control`, or a node's index.
package struct ParallelFramework: Framework {
    package static let name = "parallel"

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try Options(Self.name, settings, known: [])
        return ClusterSetup()
    }

    package func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        let asked = try Options(Self.name, options, known: ["arguments", "environment", "nodes"])
        let arguments = try asked.strings("arguments")
        guard let program = arguments.first, !program.isEmpty else {
            throw FrameworkError("parallel: arguments are missing; name the program to start, then what it is given")
        }
        let nodes = try self.nodes(asked, size: node.size)
        let environment = try self.environment(asked)
        let checked: [String: JSONValue] = [
            "program": .string(program),
            "arguments": .array(arguments.dropFirst().map(JSONValue.string)),
            "environment": .object(environment.mapValues(JSONValue.string)),
            "nodes": .array(nodes.map(JSONValue.int)),
        ]
        let request = LaunchRequest(
            framework: Self.name, options: checked, processes: nodes.contains(node.index) ? 1 : 0, asker: .controlNode)
        return CheckedLaunch(request: request, files: ScriptRunner.files(of: program, Array(arguments.dropFirst())))
    }

    private func environment(_ asked: Options) throws(FrameworkError) -> [String: String] {
        let environment = try asked.texts("environment")
        if let name = environment.keys.filter(NodeEnvironment.isIdentity).min() {
            throw FrameworkError(
                "parallel: environment sets \(name), which says where a process runs and is Muster's to set; take another name"
            )
        }
        return environment
    }

    private func nodes(_ asked: Options, size: Int) throws(FrameworkError) -> [Int] {
        switch asked.values["nodes"] ?? .string("all") {
        case .string("all"): return Array(0..<size)
        case .string("control"): return [0]
        case .int(let index) where (0..<size).contains(index): return [index]
        case .int(let index):
            throw FrameworkError("parallel: there is no node \(index); this gang has the nodes 0 to \(size - 1)")
        default: throw FrameworkError("parallel: nodes must be all, control or the index of a node")
        }
    }

    package func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let options = try Options(
            Self.name, request.options, known: ["program", "arguments", "environment", "nodes"])
        guard context.processes[context.node] > 0, let program = try options.string("program") else {
            return LaunchPlan()
        }
        let name = program.split(separator: "/").last.map(String.init) ?? program
        let isAlone = context.processes.reduce(0, +) == 1
        let process = PlannedProcess(
            label: isAlone ? name : "\(name) \(context.node)",
            arguments: [context.program(program)] + context.placed(try options.strings("arguments"), of: program),
            environment: context.environment.merging(try options.texts("environment")) { $1 })
        return LaunchPlan(processes: [process])
    }
}
