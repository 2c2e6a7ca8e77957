import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import MusterStore
import Testing

@Suite struct ResumeTests {
    /// Runs the flow until `failing` fails, then resumes it and answers which steps ran again, in order.
    private func resume(_ failing: String?, from step: String? = nil) async throws -> [String] {
        let harness = try Harness(SampleFlow.manifest)
        let script: @Sendable (GangSpec, String?) -> GangReport? = { gang, failing in
            if gang.step.name == failing {
                return .failed(TaskFailure(code: .body, message: "told to fail"))
            }
            var transition = SampleFlow.transition(gang)
            if gang.step.name == "joinTrain" { transition = .step(to: "merge") }
            let taken = transition
            return .succeeded((0..<gang.size).compactMap { try? harness.result(gang, node: $0, taken) })
        }
        _ = try await harness.run(ScriptedBackend { script($0, failing) }, run: "1")
        let origin = OriginRun(run: "1", machine: try await harness.machine("1"), rerunFrom: step)
        try await harness.metadata.create(harness.record("2", origin: "1"))
        let backend = ScriptedBackend { script($0, nil) }
        #expect(try await harness.engine(backend, run: "2", origin: origin).run() == .succeeded)
        #expect(backend.gangs.allSatisfy { $0.originRun == "1" })
        let all = try await harness.machine("2").tasks
        #expect(all.count == 18, "every task of the flow is there, cloned or run")
        return backend.gangs.map(\.step.name).sorted()
    }

    @Test("Resuming a failed run runs what had not succeeded, and clones the rest")
    func afterFailure() async throws {
        #expect(try await self.resume("merge") == ["end", "merge"])
    }

    @Test("Resuming from a step runs it again with everything downstream, and nothing beside it")
    func fromStep() async throws {
        #expect(try await self.resume(nil, from: "joinGrid") == ["end", "joinGrid", "merge"])
        #expect(try await self.resume(nil, from: "joinRow") == ["end", "joinGrid", "joinRow", "joinRow", "merge"])
    }

    @Test("Taking over alone clones what succeeded and starts nothing, and the run can be resumed")
    func takeOver() async throws {
        let harness = try Harness(SampleFlow.manifest)
        let backend = ScriptedBackend { gang in
            .succeeded((0..<gang.size).compactMap { try? harness.result(gang, node: $0, SampleFlow.transition(gang)) })
        }
        let failing = ScriptedBackend { gang in
            gang.step.name == "end"
                ? .failed(TaskFailure(code: .body, message: "told to fail"))
                : .succeeded(
                    (0..<gang.size).compactMap { try? harness.result(gang, node: $0, SampleFlow.transition(gang)) })
        }
        _ = try await harness.run(failing, run: "1")
        let origin = OriginRun(run: "1", machine: try await harness.machine("1"), rerunFrom: nil)
        try await harness.metadata.create(harness.record("2", origin: "1"))
        #expect(try await harness.engine(backend, run: "2", origin: origin).takeOver() == nil)
        #expect(backend.gangs.isEmpty)
        let (before, after) = (try await harness.machine("1").tasks, try await harness.machine("2").tasks)
        #expect(after.count == before.count && after.dropLast().allSatisfy { $0.clonedFrom != nil })
        #expect(try await harness.engine(backend, run: "2").run() == .succeeded)
        #expect(backend.gangs.map(\.step.name) == ["end"])
        // Of a run that is whole nothing is left to start.
        let whole = OriginRun(run: "2", machine: try await harness.machine("2"), rerunFrom: nil)
        try await harness.metadata.create(harness.record("3", origin: "2"))
        #expect(try await harness.engine(backend, run: "3", origin: whole).takeOver() == .succeeded)
        #expect(backend.gangs.count == 1)
    }

    @Test("A gang is cloned whole or runs whole")
    func gang() async throws {
        #expect(try await self.resume("train").filter { $0 == "train" } == ["train"])
        #expect(try await self.resume("joinTrain").filter { $0 == "train" }.isEmpty)
    }
}
