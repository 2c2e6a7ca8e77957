import Foundation
import MusterModel
import MusterProcess
import MusterTestSupport
import Testing

/// Secrets and large data stay out of everything that other users of a cluster can see of a job.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SlurmSecretTests {
    private static let token = "token-\(UInt64.random(in: 0...UInt64.max))"
    private static let aws = "aws-\(UInt64.random(in: 0...UInt64.max))"

    @Test(
        "5 MB of parameters, 2,000 inputs, 200 variables and secrets: the job's script stays short, and nobody sees a secret"
    )
    func sealed() async throws {
        let sandbox = try Sandbox()
        let flow = "\(sandbox.folder)/flow/sealed.py"
        try FileManager.default.createDirectory(
            atPath: "\(sandbox.folder)/flow", withIntermediateDirectories: true)
        let source = try String(contentsOfFile: PythonFlowTests.flow("sealed"), encoding: .utf8)
        try source.replacing("FOLDER_OF_THE_TEST", with: sandbox.folder).write(
            toFile: flow, atomically: true, encoding: .utf8)
        try String(repeating: "t", count: 5_000_000).write(
            toFile: "\(sandbox.folder)/text", atomically: true, encoding: .utf8)
        try "TOKEN_OF_THE_TEST=\(Self.token)\n".write(
            toFile: "\(sandbox.folder)/secrets.env", atomically: true, encoding: .utf8)
        try await SlurmCluster.with(nodes: 1, arguments: SlurmFlowTests.shares([sandbox])) { cluster in
            let running = try sandbox.start(
                ["run", flow, "--max-workers", "8"],
                environment: cluster.environment.merging(["AWS_SECRET_ACCESS_KEY": Self.aws]) { $1 })
            for _ in 0..<6000 where !FileManager.default.fileExists(atPath: "\(sandbox.folder)/begun") {
                try await Task.sleep(for: .milliseconds(50))
            }
            let job = try #require(try await sandbox.newest("SealedFlow").machine.tasks.last?.job, "\(running.output)")
            let script = try await cluster.run("scontrol", "write", "batch_script", job, "-")
            #expect(script.utf8.count < 8192)
            var places = ["script": script, "job": try await cluster.run("scontrol", "show", "job", "-dd", job)]
            self.readProcesses(of: job, into: &places)
            _ = FileManager.default.createFile(atPath: "\(sandbox.folder)/go", contents: nil)
            #expect(await running.end() == .exited(0), "\(running.output)")
            #expect(running.output.contains("sealed: 1999000 \(Self.token.count) nothing"), "\(running.output)")
            places["console"] = running.output
            for (place, text) in places {
                for secret in [Self.token, Self.aws] { #expect(!text.contains(secret), "a secret is in \(place)") }
            }
            try self.expectNoSecret(below: sandbox.store)
        }
    }

    /// The command lines of all processes, and the environments of the job's. The step's own processes alone know its token.
    private func readProcesses(of job: String, into places: inout [String: String]) {
        var count = 0
        for pid in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(pid) != nil {
            func text(_ file: String) -> String {
                String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/\(file)") ?? Data(), as: UTF8.self)
            }
            places["\(pid)/cmdline"] = text("cmdline")
            let environment = text("environ")
            guard environment.contains("SLURM_JOB_ID=\(job)\0") else { continue }
            count += 1
            places["\(pid)/environ"] = environment.replacing("TOKEN_OF_THE_TEST=\(Self.token)", with: "")
        }
        #expect(count > 2, "the job's processes are not found")
    }

    private func expectNoSecret(below folder: String) throws {
        let names = try #require(FileManager.default.enumerator(atPath: folder)?.allObjects as? [String])
        var size = 0
        for name in names {
            guard let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else { continue }
            size += data.count
            for secret in [Self.token, Self.aws] {
                #expect(data.range(of: Data(secret.utf8)) == nil, "a secret is in \(name)")
            }
        }
        #expect(size > 5000)
    }
}
