import Foundation
import MusterModel
import MusterProcess
import MusterWire
import Testing

/// An agent that reusable for other attempts of gangs of one.
@Suite struct ReusableAgentTests {
    private static let reusable: @Sendable (inout NodeSpec) -> Void = {
        $0.reusable = true
        $0.inPlace = InPlace(workFolder: $0.package, flowFolder: $0.package)
    }

    private func next(_ harness: AgentHarness, task: Int) -> NodeSpec {
        var spec = harness.spec(0)
        spec.attempt.task = task
        spec.task.attempt.task = task
        return spec
    }

    @Test("One agent runs one attempt after the other, and none sees what another left")
    func oneAfterTheOther() async throws {
        let body = """
            found = sorted(os.listdir(folder)) + os.listdir(os.environ["TMPDIR"])
            assert found == ["task.json"] or found == ["result.json", "task.json"], found
            assert os.path.exists("left") == (task["attempt"]["task"] > 3), "what is written in place is there for the next"
            assert not os.path.exists(folder + "/result.json") or os.path.getsize(folder + "/result.json") == 1
            assert os.environ["PATH"] == "/usr/bin:/bin"
            assert os.environ["MUSTER_TASK"] == str(task["attempt"]["task"])
            for place in [".", folder, os.environ["TMPDIR"]]:
                open(place + "/left", "w").write("x")
                os.makedirs(place + "/leftovers/deep", exist_ok=True)
            daemon()
            result()
            """
        let harness = try AgentHarness(1, body, files: ["data.txt": "1"], change: Self.reusable)
        try harness.start()
        try await harness.ready(0, times: 1)
        for task in 4...6 {
            let next = self.next(harness, task: task)
            if task > 4 { try harness.send(NextAttempt(next.task), to: 0) } else { try harness.send(next, to: 0) }
            try await harness.ready(0, times: task - 2)
        }
        let reports = try await harness.wait { heard in
            heard.compactMap { item -> GangReport? in
                if case .finished(let report)? = item.status { report } else { nil }
            }
        }
        #expect(reports.count == 4 && reports.allSatisfy { $0.failure == nil }, "\(reports)")
        #expect(ProcessTree.marked(variable: NodeEnvironment.scope, value: "Flow/\(harness.attempt.run)").isEmpty)
        harness.closeInput(0)
        #expect(try await harness.exit(0) == .exited(0))
        harness.expectNothingLeft()
    }

    @Test(
        "After a failure, and when its folder is not as it was made, an agent leaves and takes the folder along",
        arguments: [
            "result(None, error={'code': 'step.error', 'message': 'no'}); sys.exit(1)",
            "os.rmdir(os.environ['TMPDIR']); result()",
            "os.rename(os.environ['TMPDIR'], folder + '/../elsewhere'); result()",
            "os.chmod(os.environ['TMPDIR'], 0o500); result()",
            "os.unlink(task['socket']); result()",
        ])
    func leaves(body: String) async throws {
        let harness = try AgentHarness(1, body, files: ["data.txt": "1"], change: Self.reusable)
        try harness.start()
        _ = try await harness.report()
        #expect(try await harness.exit(0) == .exited(0))
        harness.expectNothingLeft()
    }

    @Test("An agent that waits leaves at a signal", arguments: [SIGTERM, SIGINT])
    func signal(signal: CInt) async throws {
        let harness = try AgentHarness(1, "result()", change: Self.reusable)
        try harness.start()
        try await harness.ready(0, times: 1)
        harness.signal(0, signal)
        #expect(try await harness.exit(0) == .exited(0))
        harness.expectNothingLeft()
    }

    @Test("Only the agent of a gang of one reusable, and only where its steps run in place", arguments: [1, 2])
    func refused(size: Int) async throws {
        let harness = try AgentHarness(size, "result()") { spec in
            spec.reusable = true
            if size > 1 { spec.inPlace = InPlace(workFolder: spec.package, flowFolder: spec.package) }
        }
        try harness.start()
        #expect(try await harness.exits().allSatisfy { $0 == .exited(2) })
    }
}
