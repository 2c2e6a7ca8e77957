import Foundation
import MusterProcess

/// A real Slurm cluster of this test's own (`Scripts/slurm-cluster`).
package struct SlurmCluster: Sendable {
    package let folder: String
    /// The environment of a user of the cluster.
    package let environment: [String: String]

    /// A folder that all nodes see, for the store of the test.
    package var shared: String { "\(self.folder)/shared" }

    /// Brings a cluster up, hands it to `body`, and takes it down whatever happens. One at a time: each is a dozen daemons
    /// whose clients give up after some seconds.
    /// - Parameter isBeside: Whether it is to run beside the one that this test has already.
    package static func with<Value>(
        nodes: Int = 2, arguments: [String] = [], beside isBeside: Bool = false,
        _ body: (SlurmCluster) async throws -> Value
    ) async throws -> Value {
        guard !isBeside else { return try await self.bringUp(nodes, arguments, body) }
        await SlurmTurn.shared.take()
        let result: Result<Value, any Error>
        do {
            result = .success(try await self.bringUp(nodes, arguments, body))
        } catch {
            result = .failure(error)
        }
        await SlurmTurn.shared.give()
        return try result.get()
    }

    private static func bringUp<Value>(
        _ nodes: Int, _ arguments: [String], _ body: (SlurmCluster) async throws -> Value
    ) async throws -> Value {
        // Sockets lie in it: its path has to be short.
        let folder = "/tmp/slurm-of-test-\(UInt32.random(in: 0...UInt32.max))"
        let cluster = SlurmCluster(folder: folder)
        try FileManager.default.createDirectory(atPath: cluster.shared, withIntermediateDirectories: true)
        do {
            try await cluster.script(["up", folder, "--nodes", "\(nodes)"] + arguments)
            let result = try await body(cluster)
            try await cluster.script(["down", folder])
            try FileManager.default.removeItem(atPath: folder)
            return result
        } catch {
            try? await cluster.script(["down", folder])
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    private init(folder: String) {
        self.folder = folder
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("SLURM") && !$0.key.hasPrefix("SBATCH")
        }
        environment["SLURM_CONF"] = "\(folder)/slurm.conf"
        self.environment = environment
    }

    /// The environment with programs in front that stand for Slurm's, by name; each is the body of a shell script, in
    /// which `real` is the command itself.
    package func environment(replacing programs: [String: String]) throws -> [String: String] {
        let tools = "\(self.folder)/tools-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
        for (name, body) in programs {
            let text = "#!/bin/bash\nreal() { PATH=\"${PATH#*:}\" command \(name) \"$@\"; }\n\(body)\n"
            try Data(text.utf8).write(to: URL(filePath: "\(tools)/\(name)"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(tools)/\(name)")
        }
        return self.environment.merging(["PATH": "\(tools):\(self.environment["PATH"] ?? "/usr/bin:/bin")"]) { $1 }
    }

    /// Runs one of the cluster's commands and returns what it wrote.
    @discardableResult
    package func run(_ command: String, _ arguments: String...) async throws -> String {
        try await Self.run("/usr/bin/env", [command] + arguments, self.environment).output
    }

    /// Runs `Scripts/slurm-cluster`.
    package func script(_ arguments: [String]) async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let result = try await Self.run(root.appending(path: "Scripts/slurm-cluster").path, arguments, self.environment)
        guard result.isSuccess else { throw SlurmClusterError(description: result.output) }
    }

    private static func run(
        _ program: String, _ arguments: [String], _ environment: [String: String]
    ) async throws -> (isSuccess: Bool, output: String) {
        let spec = ProcessSpec(executable: program, arguments: arguments, environment: environment)
        let outcome = try await ProcessReactor().run(spec)
        let output = String(decoding: outcome.standardOutput + outcome.standardError, as: UTF8.self)
        return (outcome.status.isSuccess, output)
    }
}

/// The turn of the one test that has a cluster.
private actor SlurmTurn {
    static let shared = SlurmTurn()

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard self.isTaken else {
            self.isTaken = true
            return
        }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    func give() {
        guard !self.waiting.isEmpty else {
            self.isTaken = false
            return
        }
        self.waiting.removeFirst().resume()
    }
}

/// The cluster did not come up; the script's own words.
package struct SlurmClusterError: Error, CustomStringConvertible {
    package let description: String
}
