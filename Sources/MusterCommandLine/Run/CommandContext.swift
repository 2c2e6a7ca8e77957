import Foundation
import MusterModel
import MusterProcess

/// The settings, the environment, the reactor and the paths for verbs that start programs.
struct CommandContext: Sendable {
    let reactor: ProcessReactor
    /// For the programs that are started.
    let environment: [String: String]
    let settings: Settings
    /// The places of settings that somebody has given.
    private let origins: [String: SettingOrigin]
    /// Absolute path of the current folder.
    let folder: String

    /// - Parameters:
    ///   - name: The flow as it was named; its folder may hold settings.
    ///   - given: Settings that options say.
    init(flow name: String? = nil, _ options: FlowOptions, given: [String: GivenSetting] = [:]) throws {
        self.reactor = try ProcessReactor()
        self.reactor.adoptOrphans()
        self.folder = FileManager.default.currentDirectoryPath
        SearchPaths.settle(in: self.folder)
        let resolved = try SettingsPlace(flow: name, options).read(given: given.merging(options.given) { $1 })
        self.settings = resolved.settings
        self.origins = resolved.origins
        self.environment = ProcessEnvironment.texts.merging(resolved.variables) { $1 }
    }

    /// Finds and describes the flow that was named, or whose program executed `muster`.
    ///
    /// - Parameter told: Variables for the description alone.
    func flow(
        named name: String?, _ options: FlowOptions, told: [String: String] = [:]
    ) async throws -> (program: [String], manifest: FlowManifest) {
        let locator = FlowLocator(
            reactor: self.reactor, environment: self.environment, folder: self.folder, isDebug: options.debug)
        let program = try await locator.program(
            named: name, program: options.program, decorators: self.settings.run.flowDecorators,
            isRequired: options.with.contains { PlaceOption($0) == nil }, words: options.flowOption)
        let environment = self.environment.merging(told) { $1 }
        let description = FlowDescription(
            reactor: self.reactor, environment: environment, deadline: self.settings.programs.describeDeadline)
        let manifest = try await description.manifest(of: program)
        return (manifest.program ?? program, manifest)
    }

    /// The name under which runs are recorded: the setting, the name the system has, or the number of a user without one.
    var user: String {
        if let user = self.settings.user { return user }
        for name in ["USER", "LOGNAME"] {
            if let user = self.environment[name], !user.isEmpty { return user }
        }
        let name = NSUserName()
        return name.isEmpty ? "\(getuid())" : name
    }

    /// The path of this program.
    static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// The agent program: the setting, the one beside `muster`, or the one on the PATH.
    func agent() throws -> String {
        if let path = self.settings.programs.agent {
            guard ExecutableSearch.isExecutable(path) else {
                let origin = self.origins["programs.agent"].map { "\($0)" } ?? "the setting programs.agent"
                throw CommandFailure(.usage, "\(origin) names \(path), which is not an executable file")
            }
            return path
        }
        let own = Self.ownPath
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
