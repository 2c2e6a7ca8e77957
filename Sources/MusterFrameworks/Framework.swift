package import MusterModel

/// A cluster of processes that a step can start on its gang: what to start, never how.
///
/// Two decisions, both pure. Every node first checks what its step body asked for; when the checked requests of all
/// nodes are alike, each node plans its own processes from the same facts.
package protocol Framework: Sendable {
    /// The name that decorators and requests use.
    static var name: String { get }

    /// Checks what a step body asked for on one node, before any other node hears of it.
    /// - Parameters:
    ///   - options: Of the request.
    ///   - settings: Of the step's decorator: defaults for the options.
    /// - Throws: ``FrameworkError`` that names the option and what is wrong with it.
    func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch

    /// What `context.node` starts in one round of a launch that all nodes asked for.
    func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan
}

/// What a framework may know of a node before the gang agrees on a launch.
package struct NodeFacts: Sendable, Equatable {
    package var index: Int
    /// Nodes of the gang.
    package var size: Int
    package var cpus: Int
    package var gpus: Int
    /// The environment of the step.
    package var environment: [String: String]

    package init(index: Int, size: Int, cpus: Int, gpus: Int, environment: [String: String]) {
        self.index = index
        self.size = size
        self.cpus = cpus
        self.gpus = gpus
        self.environment = environment
    }
}

/// A request that is fine as far as a framework can see.
package struct CheckedLaunch: Sendable, Equatable {
    package var request: LaunchRequest
    /// Files that must exist on the node, relative to its work folder.
    package var files: [String]

    package init(request: LaunchRequest, files: [String]) {
        self.request = request
        self.files = files
    }
}

/// The facts that all nodes share about one round of a launch, and the node that plans.
package struct LaunchContext: Sendable, Equatable {
    package var roster: Roster
    package var node: Int
    package var round: LaunchRound
    /// A port of node 0 that was free a moment ago.
    package var port: Int
    /// Processes of each node.
    package var processes: [Int]
    /// A name for this launch that no other launch has.
    package var runID: String
    /// The interpreter of the step's Python environment, if it has one.
    package var python: String?
    package var environment: [String: String]
    /// A folder of this node for the round's own files.
    package var folder: String

    package init(
        roster: Roster, node: Int, round: LaunchRound, port: Int, processes: [Int], runID: String, python: String?,
        environment: [String: String], folder: String
    ) {
        self.roster = roster
        self.node = node
        self.round = round
        self.port = port
        self.processes = processes
        self.runID = runID
        self.python = python
        self.environment = environment
        self.folder = folder
    }
}

/// What one node starts in one round: all of it at once, and the round has ended when all of it has.
package struct LaunchPlan: Sendable, Equatable {
    package var processes: [PlannedProcess]

    package init(processes: [PlannedProcess]) { self.processes = processes }
}

/// One process of a launch. It succeeds by leaving with 0.
package struct PlannedProcess: Sendable, Equatable {
    /// What people call it: `rank 3`.
    package var label: String
    /// The program first.
    package var arguments: [String]
    /// Complete.
    package var environment: [String: String]
    /// Where the process may leave a description of its error, in the shape of torch's `record`.
    package var errorFile: String?

    package init(label: String, arguments: [String], environment: [String: String], errorFile: String? = nil) {
        self.label = label
        self.arguments = arguments
        self.environment = environment
        self.errorFile = errorFile
    }
}

/// What was asked of a framework cannot be done.
package struct FrameworkError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String

    package init(_ message: String) { self.message = message }
    package var description: String { self.message }
}

/// The frameworks that agents know.
package enum Frameworks {
    private static let all: [any Framework] = [Torchrun()]

    /// - Throws: ``FrameworkError`` that lists the known names.
    package static func named(_ name: String) throws(FrameworkError) -> any Framework {
        if let framework = self.all.first(where: { type(of: $0).name == name }) { return framework }
        let known = self.all.map { type(of: $0).name }.joined(separator: ", ")
        throw FrameworkError("there is no framework called '\(name)'; known ones are \(known)")
    }
}
