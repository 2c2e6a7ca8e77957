import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore

/// A folder with a store of its own, in which the real programs run; it goes with this value.
final class Sandbox: Sendable {
    let folder: String
    /// Where the engines of this sandbox have their temporary files: they go with their engine.
    let temporary: String
    let reactor: ProcessReactor

    /// Where the programs were built: beside the tests, or where `MUSTER_BUILD_FOLDER` says.
    static let programs: String = {
        if let folder = ProcessInfo.processInfo.environment["MUSTER_BUILD_FOLDER"] { return folder }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return root.appending(path: ".build/debug").path
    }()

    init() throws {
        self.folder =
            FileManager.default.temporaryDirectory.appending(path: "muster-e2e-\(UUID().uuidString.prefix(8))").path
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
        self.temporary = "/tmp/m\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: self.temporary, withIntermediateDirectories: true)
        self.reactor = try ProcessReactor()
    }

    deinit { for path in [self.folder, self.temporary] { try? FileManager.default.removeItem(atPath: path) } }

    var store: String { "\(self.folder)/.muster" }
    var layout: StoreLayout { StoreLayout(root: self.store) }

    /// The program of a fixture flow: a link, whose name says which flow it is.
    func flow(_ name: String) throws -> String {
        let link = "\(self.folder)/\(name)"
        if !FileManager.default.fileExists(atPath: link) {
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: "\(Self.programs)/FlowFixtures")
        }
        return link
    }

    private func spec(_ arguments: [String], _ environment: [String: String], folder: String? = nil) -> ProcessSpec {
        var base = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        base["TMPDIR"] = self.temporary
        return ProcessSpec(
            executable: "\(Self.programs)/muster", arguments: arguments,
            environment: base.merging(environment) { $1 }, workingDirectory: folder ?? self.folder, newSession: true)
    }

    /// Runs `muster` with `arguments` to its end, in this sandbox's folder or in another one.
    func muster(
        _ arguments: [String], environment: [String: String] = [:], folder: String? = nil
    ) async throws -> Finished {
        Finished(try await self.reactor.run(self.spec(arguments, environment, folder: folder)))
    }

    /// Runs a fixture flow to its end on a machine without a network: in a namespace with the loopback interface only.
    func runOffline(_ flow: String, _ arguments: [String]) async throws -> Finished {
        let run = self.spec(["run", try self.flow(flow)] + arguments, [:])
        let script = #"ip link set lo up && exec "$@""#
        let spec = ProcessSpec(
            executable: "/usr/bin/unshare",
            arguments: ["--net", "sh", "-c", script, "sh", run.executable] + run.arguments,
            environment: run.environment, workingDirectory: run.workingDirectory, newSession: true)
        return Finished(try await self.reactor.run(spec))
    }

    /// Runs a fixture flow to its end.
    func run(_ flow: String, _ arguments: [String] = [], environment: [String: String] = [:]) async throws -> Finished {
        try await self.muster(["run", try self.flow(flow)] + arguments, environment: environment)
    }

    /// Starts `muster` and returns at once.
    func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        let running = Running()
        running.process = try self.reactor.spawn(
            self.spec(arguments, environment),
            onOutput: { _, bytes in running.receive(bytes) },
            onExit: { status in running.end(status) })
        return running
    }

    // MARK: - What is there afterwards

    /// The newest run of `flow` and its state after all of its events.
    func newest(_ flow: String) async throws -> (record: RunRecord, machine: RunStateMachine) {
        let metadata = try SQLiteMetadata(path: self.layout.database)
        guard let record = try await metadata.records(flow: flow, limit: 1).first else {
            throw Missing(description: "there is no run of \(flow)")
        }
        var machine = RunStateMachine(manifest: record.manifest)
        for event in try await metadata.events(of: record.key) { _ = try machine.handle(event.event) }
        return (record, machine)
    }

    /// The events of a run, in order.
    func events(_ run: RunKey) async throws -> [RunEvent] {
        try await SQLiteMetadata(path: self.layout.database).events(of: run).map(\.event)
    }

    /// Processes that carry a mark of this sandbox's runs of `flow`.
    func leftovers(of flow: String) -> [Int32] {
        ProcessTree.marked(variable: NodeEnvironment.scope, value: flow).filter { pid in
            let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
            return String(decoding: environment, as: UTF8.self).contains(self.folder)
        }
    }

    /// Folders of attempts and engines, near the store and where temporary files are: empty when nothing is left.
    var scratch: [String] {
        let names = { (try? FileManager.default.contentsOfDirectory(atPath: $0)) ?? [] }
        return names("\(self.store)/scratch") + names(self.temporary).filter { $0.hasPrefix("muster-") }
    }

    /// Files in the machine's shared memory that belong to nobody any more.
    static var sharedMemory: Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? [])
    }

    /// Every byte that the processes of one node wrote, in order.
    func log(_ attempt: AttemptID, node: Int = 0) throws -> Data {
        var reader = try LogReader(path: self.layout.logFile(attempt, node: node))
        var bytes = Data()
        while let entry = try reader.finish() {
            guard case .record(let record) = entry else { throw Missing(description: "the log is damaged: \(entry)") }
            bytes.append(contentsOf: record.bytes)
        }
        return bytes
    }
}

struct Missing: Error, CustomStringConvertible { let description: String }

/// A program that has ended.
struct Finished: Sendable, CustomStringConvertible {
    let status: ExitStatus
    let output: String
    let errors: String

    init(status: ExitStatus, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    init(_ outcome: ProcessOutcome) {
        self.status = outcome.status
        self.output = String(decoding: outcome.standardOutput, as: UTF8.self)
        self.errors = String(decoding: outcome.standardError, as: UTF8.self)
    }

    var all: String { self.output + self.errors }
    var description: String { "\(self.status)\n\(self.output)\n\(self.errors)" }
}
