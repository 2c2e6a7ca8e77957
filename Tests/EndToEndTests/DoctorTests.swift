import Foundation
import MusterModel
import MusterProcess
import MusterTestSupport
import Testing

/// `muster doctor`: each line true, and the exit code with them.
@Suite(.serialized, .timeLimit(.minutes(10))) struct DoctorTests {
    private func environment(of sandbox: Sandbox) -> [String: String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        return [
            "PATH": "\(PythonFlowTests.root)/Examples/Backends:\(path)", "MUSTER_PROCESSES": "\(sandbox.folder)/jobs",
        ]
    }

    private func line(_ finished: Finished, _ subject: String) -> String {
        finished.output.split(separator: "\n").map(String.init).first {
            $0.split(separator: " ").dropFirst().joined(separator: " ").hasPrefix(subject)
        } ?? ""
    }

    @Test("On this machine everything that a run needs is found, and nothing is left")
    func machine() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["doctor"])
        #expect(finished.status == .exited(0), "\(finished)")
        for subject in ["settings", "agent", "python", "store", "locks"] {
            #expect(self.line(finished, subject).hasPrefix("ok"), "\(finished)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.folder) == [])
    }

    @Test("What is missing is named with what to do, and the exit code is 1")
    func missing() async throws {
        let sandbox = try Sandbox()
        let agent = try await sandbox.muster(["doctor", "--setting", "programs.agent=/bin/false"])
        #expect(agent.status == .exited(1), "\(agent)")
        #expect(self.line(agent, "agent").hasPrefix("missing"), "\(agent)")
        let store = try await sandbox.muster(["doctor", "--store", "/proc/store"])
        #expect(store.status == .exited(1) && self.line(store, "store").hasPrefix("missing"), "\(store)")
        let place = try await sandbox.muster(["doctor", "--on", "nowhere"])
        #expect(place.status == .exited(1) && place.output.contains("muster-backend-nowhere"), "\(place)")
        try Data("run:\n  max-worker: 3\n".utf8).write(to: URL(filePath: "\(sandbox.folder)/muster.yaml"))
        let settings = try await sandbox.muster(["doctor", "--json"])
        #expect(settings.status == .exited(1), "\(settings)")
        let page = try JSONDecoder().decode(Page.self, from: Data(settings.output.utf8))
        #expect(!page.works && page.findings.map(\.subject) == ["settings"], "\(settings)")
        #expect(page.findings.first?.text.contains("muster.yaml") == true, "\(settings)")
        let usage = try await sandbox.muster(["doctor", "--probe"])
        #expect(usage.status == .exited(2), "\(usage)")
    }

    @Test("A backend program answers, and a probe looks from a node and leaves nothing")
    func program() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let finished = try await sandbox.muster(["doctor", "--on", "processes", "--probe"], environment: environment)
        #expect(finished.status == .exited(0), "\(finished)")
        for subject in ["backend", "submission", "node", "node agent", "node python", "clean-up"] {
            #expect(self.line(finished, subject).hasPrefix("ok"), "\(subject): \(finished)")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: sandbox.store)
        #expect(!left.contains { $0.hasPrefix("doctor-") }, "\(left)")
    }

    @Test("A node that does not see the store is found out")
    func unseen() async throws {
        let sandbox = try Sandbox()
        var environment = self.environment(of: sandbox)
        // The same backend, whose nodes look for the script where it is not.
        let programs = "\(sandbox.folder)/programs"
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        let backend = """
            #!/usr/bin/env python3
            import importlib.machinery, importlib.util
            loader = importlib.machinery.SourceFileLoader("processes", "\(PythonFlowTests.root)/Examples/Backends/muster-backend-processes")
            processes = importlib.util.module_from_spec(importlib.util.spec_from_loader("processes", loader))
            loader.exec_module(processes)
            hello, start = processes.ASKED["hello"], processes.start
            processes.ASKED["hello"] = lambda question: {**hello(question), "name": "blind"}
            processes.start = lambda name, job, index: start(name, {**job, "command": ["/bin/sh", "/nowhere/probe.sh"]}, index)
            processes.main()
            """
        let path = "\(programs)/muster-backend-blind"
        try Data(backend.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        environment["PATH"] = "\(programs):\(environment["PATH"] ?? "")"
        let finished = try await sandbox.muster(["doctor", "--on", "blind", "--probe"], environment: environment)
        #expect(finished.status == .exited(1), "\(finished)")
        #expect(self.line(finished, "node").hasPrefix("missing"), "\(finished)")
        #expect(finished.output.contains("does not see the store"), "\(finished)")
    }

    @Test("On a real Slurm every line is ok, and a partition that is not there is named")
    func slurm() async throws {
        let sandbox = try Sandbox()
        let root = PythonFlowTests.root
        let shares = [sandbox.folder] + (root.hasPrefix("/tmp/") ? [root] : [])
        try await SlurmCluster.with(nodes: 1, arguments: shares.flatMap { ["--share", $0] }) { cluster in
            let finished = try await sandbox.muster(
                ["doctor", "--on", "slurm", "--probe"], environment: cluster.environment)
            #expect(finished.status == .exited(0), "\(finished)")
            for subject in ["sbatch", "queue", "partitions", "submission", "node", "node agent", "clean-up"] {
                #expect(self.line(finished, subject).hasPrefix("ok"), "\(subject): \(finished)")
            }
            #expect(self.line(finished, "node").contains("node1"), "\(finished)")
            let wrong = try await sandbox.muster(
                ["doctor", "--on", "slurm:partition=none"], environment: cluster.environment)
            #expect(wrong.status == .exited(1), "\(wrong)")
            #expect(self.line(wrong, "partitions").hasPrefix("missing"), "\(wrong)")
            #expect(try await cluster.run("squeue", "--noheader", "--me").isEmpty)
        }
    }

    private struct Page: Decodable {
        struct Finding: Decodable {
            var subject: String
            var text: String
        }
        var works: Bool
        var findings: [Finding]
    }
}
