import Foundation
import MusterModel
import MusterProcess

/// The environment, the reactor and the paths for verbs that start programs.
struct CommandContext: Sendable {
    let reactor: ProcessReactor
    let environment: [String: String]
    /// Absolute path of the current folder.
    let folder: String

    init() throws {
        self.reactor = try ProcessReactor()
        self.reactor.adoptOrphans()
        self.folder = FileManager.default.currentDirectoryPath
        SearchPaths.settle(in: self.folder)
        self.environment = ProcessEnvironment.texts
    }

    /// Finds and describes the flow that was named, or whose program executed `muster`.
    ///
    /// - Parameter told: Variables for the description alone.
    func flow(
        named name: String?, _ options: FlowOptions, told: [String: String] = [:]
    ) async throws -> (program: [String], manifest: FlowManifest) {
        let locator = FlowLocator(
            reactor: self.reactor, environment: self.environment, folder: self.folder, isDebug: options.debug)
        let program = try await locator.program(named: name, program: options.program, front: options.front)
        let environment = self.environment.merging(told) { $1 }
        let manifest = try await FlowDescription(reactor: self.reactor, environment: environment).manifest(of: program)
        return (manifest.program ?? program, manifest)
    }

    /// The user of the flow: `MUSTER_USER`, the system's name for the user, or the number of one without a name.
    var user: String {
        for name in ["MUSTER_USER", "METAFLOW_USER", "USER", "LOGNAME"] {
            if let user = self.environment[name], !user.isEmpty { return user }
        }
        let name = NSUserName()
        return name.isEmpty ? "\(getuid())" : name
    }

    /// The agent program: named by `MUSTER_AGENT`, beside `muster`, or on the PATH.
    func agent() throws -> String {
        if let named = self.environment["MUSTER_AGENT"], !named.isEmpty {
            let path = AbsolutePath.of(named)
            guard ExecutableSearch.isExecutable(path) else {
                throw CommandFailure(.usage, "MUSTER_AGENT names \(path), which is not an executable file")
            }
            return path
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = "\((own as NSString).deletingLastPathComponent)/muster-agent"
        if ExecutableSearch.isExecutable(beside) { return beside }
        if let found = ExecutableSearch.find("muster-agent", path: self.environment["PATH"] ?? "") {
            return AbsolutePath.of(found)
        }
        throw CommandFailure(
            .usage,
            "muster-agent was not found beside \(own) nor on the PATH; build it with `swift build -c release --product muster-agent`, or name it in MUSTER_AGENT"
        )
    }
}
