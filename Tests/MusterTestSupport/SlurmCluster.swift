import Foundation

/// A real Slurm cluster of this test's own (`Scripts/slurm-cluster`).
package struct SlurmCluster: Sendable {
    package let folder: String
    /// What a user of the cluster has.
    package let environment: [String: String]

    /// Where the store of the test can be: all nodes see it.
    package var shared: String { "\(self.folder)/shared" }

    /// Brings a cluster up, hands it to `body`, and takes it down whatever happens.
    package static func with<Result>(
        nodes: Int = 2, arguments: [String] = [], _ body: (SlurmCluster) async throws -> Result
    ) async throws -> Result {
        // Sockets lie in it: its path has to be short.
        let folder = "/tmp/muster-slurm-\(UInt32.random(in: 0...UInt32.max))"
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
        guard result.status == 0 else { throw SlurmClusterError(description: result.output) }
    }

    private static func run(
        _ program: String, _ arguments: [String], _ environment: [String: String]
    ) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { process in
                let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                continuation.resume(returning: (process.terminationStatus, output))
            }
            do {
                try process.run()
            } catch {
                process.terminationHandler = nil
                continuation.resume(throwing: error)
            }
        }
    }
}

/// The cluster did not come up; the script's own words.
package struct SlurmClusterError: Error, CustomStringConvertible {
    package let description: String
}
