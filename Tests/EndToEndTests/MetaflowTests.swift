import Foundation
import MusterObjects
import MusterProcess
import MusterS3
import MusterTestSupport
import Testing

/// Flows that Metaflow itself can run on one machine, run by both. The first of them fetches Metaflow.
@Suite(.serialized, .timeLimit(.minutes(10))) struct MetaflowTests {
    @Test(
        "A flow comes to the same outcome under Metaflow and under Muster, as one and the same program reads it",
        arguments: [
            ("Examples/Python/foreach/flow", "ForeachFlow"), ("Examples/Python/gang/flow", "GangFlow"),
            ("Tests/PythonFlows/same", "SameFlow"), ("Tests/PythonFlows/init", "InitFlow"),
            ("Tests/PythonFlows/language", "LanguageFlow"), ("Tests/PythonFlows/caught", "CaughtFlow"),
            ("Tests/PythonFlows/custom", "CustomFlow"), ("Tests/PythonFlows/ring", "RingFlow"),
        ])
    func sameOutcome(file: String, flow: String) async throws {
        let sandbox = try Sandbox()
        let path = "\(PythonFlowTests.root)/\(file).py"
        let ours = try await sandbox.muster(["run", path, "--tag", "x"], environment: ["METAFLOW_USER": "somebody"])
        #expect(ours.status == .exited(0), "\(ours)")
        let python = try await self.metaflow()
        let theirs = try await self.run([python, path, "--no-pylint", "run", "--tag", "x"], in: sandbox)
        #expect(theirs.status == .exited(0), "\(theirs)")

        let reader = "\(PythonFlowTests.root)/Tests/PythonFlows/outcome.py"
        let shim = "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim"
        let ourOutcome = try await self.run(["python3", reader, flow], in: sandbox, ["PYTHONPATH": shim])
        let theirOutcome = try await self.run([python, reader, flow], in: sandbox)
        #expect(ourOutcome.status == .exited(0), "\(ourOutcome)")
        #expect(theirOutcome.status == .exited(0), "\(theirOutcome)")
        #expect(ourOutcome.output == theirOutcome.output)
    }

    @Test("What Metaflow offers to programs Muster does too, but for differences that are listed with their reasons")
    func sameInterface() async throws {
        let compared = try await self.run(
            ["python3", "\(PythonFlowTests.root)/Tests/MetaflowDifferences/compare", try await self.metaflow()],
            in: Sandbox(), ["MUSTER_COMMAND": "\(Sandbox.programs)/muster"])
        #expect(compared.status == .exited(0), "\(compared)")
    }

    @Test("The card of an installed package is the page that it is under Metaflow")
    func sameCard() async throws {
        let sandbox = try Sandbox()
        let (python, path) = (try await self.metaflow(), PythonFlowTests.flow("paged"))
        let ours = try await sandbox.muster(["run", path], environment: ["MUSTER_PYTHON": python])
        #expect(ours.status == .exited(0), "\(ours)")
        let theirs = try await self.run([python, path, "--no-pylint", "run"], in: sandbox)
        #expect(theirs.status == .exited(0), "\(theirs)")

        let reader = PythonFlowTests.flow("pages")
        let shim = "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim"
        let ourPages = try await self.run(["python3", reader, "PagedFlow"], in: sandbox, ["PYTHONPATH": shim])
        let theirPages = try await self.run([python, reader, "PagedFlow"], in: sandbox)
        #expect(ourPages.output.contains("<h1>41</h1>"), "\(ourPages)")
        #expect(ourPages.output == theirPages.output)
    }

    @Test("Every verb of `python FLOW.py`, its options and what it shows mean under Muster as under Metaflow")
    func commandLine() async throws {
        let python = try await self.metaflow()
        let tests = "\(PythonFlowTests.root)/Tests/PythonFlows"
        let words = ["\(tests)/commands.py", "\(tests)/told.py"]
        let theirs = try await self.run([python] + words, in: try Sandbox())
        let ours = try await self.run(
            ["python3"] + words, in: try Sandbox(),
            [
                "PYTHONPATH": "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim",
                "MUSTER_COMMAND": "\(Sandbox.programs)/muster",
            ])
        #expect(theirs.status == .exited(0), "\(theirs)")
        #expect(ours.status == .exited(0), "\(ours)")
        #expect(ours.output == theirs.output)
    }

    @Test("Every method of S3 gives under Muster what it gives under Metaflow, on the same server")
    func sameS3() async throws {
        let python = try await self.metaflow()
        let calls = "\(PythonFlowTests.root)/Tests/PythonFlows/s3_calls.py"
        try await S3Server.with(.radosgw) { server in
            _ = try await S3ObjectStore.make(on: server, bucket: "theirs")
            _ = try await S3ObjectStore.make(on: server, bucket: "ourss3")
            let theirs = try await self.run(
                [python, calls, "s3://theirs/calls"], in: try Sandbox(),
                server.environment.merging([
                    "METAFLOW_S3_ENDPOINT_URL": server.endpoint, "METAFLOW_S3_RETRY_COUNT": "0",
                    "METAFLOW_S3_TRANSIENT_RETRY_COUNT": "0",
                ]) { $1 })
            let ours = try await self.run(
                ["python3", calls, "s3://ourss3/calls"], in: try Sandbox(),
                server.environment.merging([
                    "PYTHONPATH": "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim",
                    "MUSTER_COMMAND": "\(Sandbox.programs)/muster",
                ]) { $1 })
            #expect(theirs.status == .exited(0), "\(theirs)")
            #expect(ours.status == .exited(0), "\(ours)")
            #expect(ours.output.replacing("s3://ourss3", with: "s3://theirs") == theirs.output)
        }
    }

    /// A Python with Metaflow, among those that Muster makes for steps.
    private func metaflow() async throws -> String {
        let made = try await Sandbox().muster(["run", PythonFlowTests.flow("real")])
        let parts = made.all.split(separator: "real:")
        return try #require(parts.last?.split(separator: ":").first.map(String.init), "\(made)")
    }

    /// Runs a program with nothing of Muster's around it.
    private func run(
        _ words: [String], in sandbox: Sandbox, _ more: [String: String] = [:]
    ) async throws -> Finished {
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") && !$0.key.hasPrefix("METAFLOW_") && $0.key != "PYTHONPATH"
        }
        // Metaflow starts a gang's workers with the `python` of the PATH.
        let folder = words[0].split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        environment["PATH"] = (folder.isEmpty ? "" : "\(folder):") + (environment["PATH"] ?? "")
        environment["METAFLOW_USER"] = "somebody"
        environment["METAFLOW_HOME"] = "\(sandbox.folder)/home"
        environment["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = sandbox.folder
        environment.merge(more) { $1 }
        let spec = ProcessSpec(
            executable: words[0], arguments: Array(words.dropFirst()), environment: environment,
            workingDirectory: sandbox.folder, newSession: true)
        return Finished(try await sandbox.reactor.run(spec))
    }
}
