import Foundation
import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import MusterStore
import MusterWire
import Testing

@Suite struct RunEngineTests {
    /// Runs every task as the sample flow says; training goes round until its second gang.
    private func backend(_ harness: Harness, capacity: MachineCapacity? = nil) -> ScriptedBackend {
        ScriptedBackend(capacity: capacity) { gang in Self.answer(gang, harness) }
    }

    private static func answer(_ gang: GangSpec, _ harness: Harness) -> GangReport {
        var transition = SampleFlow.transition(gang)
        if gang.step.name == "joinTrain" {
            let isFirst = !gang.inputs.contains { $0.artifacts["round"] != nil }
            transition = isFirst ? .step(to: "prepare") : .step(to: "merge")
        }
        let results = (0..<gang.size).compactMap { node -> NodeResult? in
            var result = try? harness.result(gang, node: node, transition)
            let trace = result?.artifacts["trace"]
            if gang.step.name == "joinTrain" { result?.artifacts["round"] = trace }
            return result
        }
        return .succeeded(results)
    }

    @Test("A flow with one of everything runs every task once, and every join gets its inputs in order")
    func everything() async throws {
        let harness = try Harness(SampleFlow.manifest)
        let backend = self.backend(harness)
        #expect(try await harness.run(backend) == .succeeded)
        let counts = Dictionary(grouping: backend.gangs, by: \.step.name).mapValues(\.count)
        #expect(
            counts == [
                "start": 1, "grid": 1, "row": 2, "cell": 6, "joinRow": 2, "joinGrid": 1, "prepare": 2, "train": 2,
                "joinTrain": 2, "merge": 1, "end": 1,
            ])
        let merge = try #require(backend.gangs.first { $0.step.name == "merge" })
        #expect(merge.inputs.map(\.step) == ["joinGrid", "joinTrain"])
        let joinTrain = try #require(backend.gangs.first { $0.step.name == "joinTrain" })
        #expect(joinTrain.inputs.map(\.taskID).map { $0.contains("-node-") } == [false, true, true])
        let cells = backend.gangs.filter { $0.step.name == "cell" }
        #expect(Set(cells.map { $0.foreach.map(\.index) }) == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]])
        #expect(cells.allSatisfy { $0.foreach.last?.item == "\(($0.foreach.last?.index ?? 0) * 10)" })
        #expect(cells.allSatisfy { $0.foreach.first?.item == "\(($0.foreach.first?.index ?? 0) * 10)" })
    }

    @Test("A run that is cut off after any event goes on to the same end and repeats nothing that had finished")
    func recovery() async throws {
        let whole = try Harness(SampleFlow.manifest)
        #expect(try await whole.run(self.backend(whole)) == .succeeded)
        let events = try await whole.events()
        for cut in 0..<events.count {
            let harness = try Harness(SampleFlow.manifest)
            // The artifacts of the first part are the store's, which outlives its engine.
            for name in try FileManager.default.contentsOfDirectory(atPath: whole.layout.artifacts) {
                try FileManager.default.copyItem(
                    atPath: "\(whole.layout.artifacts)/\(name)", toPath: "\(harness.layout.artifacts)/\(name)")
            }
            try await harness.metadata.create(harness.record())
            let key = RunKey(flow: "Sample", run: "1")
            try await harness.metadata.append(Array(events.prefix(cut)), to: key, at: 1)
            let backend = self.backend(harness)
            #expect(try await harness.engine(backend).run() == .succeeded, "cut after \(cut) events")
            let finished = events.prefix(cut).compactMap { event in
                if case .attemptSucceeded(let task, _, _) = event { task } else { nil }
            }
            let again = Set(backend.gangs.map(\.attempt.task)).intersection(finished)
            #expect(again.isEmpty, "cut after \(cut) events: tasks \(again) ran twice")
            let steps = try await harness.machine().tasks.map(\.step).sorted()
            #expect(try await steps == whole.machine().tasks.map(\.step).sorted())
        }
    }

    @Test(
        "A foreach that is wider than somebody allows fails its step, and one that is not goes on",
        arguments: [1, 2, 3])
    func fanOutLimit(count: Int) async throws {
        let harness = try Harness(SampleFlow.manifest)
        try await harness.metadata.create(harness.record())
        let engine = harness.engine(self.backend(harness), fanOutLimit: FanOutLimit(count: count))
        #expect(try await engine.run() == (count < 3 ? .failed : .succeeded))
        let failure = try await harness.machine().tasks.compactMap(\.failure).first
        #expect(
            failure?.message.contains("elements, and --max-num-splits allows \(count); raise it")
                == (count < 3 ? true : nil))
    }

    @Test("An attempt that ended while no engine lived is taken from its report")
    func reportIsAdopted() async throws {
        let harness = try Harness(SampleFlow.manifest)
        try await harness.metadata.create(harness.record())
        let key = RunKey(flow: "Sample", run: "1")
        try await harness.metadata.append([.started, .attemptStarted(task: 1, attempt: 0)], to: key, at: 1)
        let attempt = AttemptID(flow: "Sample", run: "1", step: "start", task: 1, attempt: 0)
        try FileManager.default.createDirectory(
            atPath: harness.layout.stepFolder(flow: attempt.flow, run: attempt.run, step: attempt.step),
            withIntermediateDirectories: true)
        let report = GangReport.succeeded([
            NodeResult(transition: .branches(to: ["grid", "prepare"]), artifacts: [:])
        ])
        try JSONEncoder().encode(report).write(to: URL(filePath: harness.layout.reportFile(attempt)))
        let backend = self.backend(harness)
        #expect(try await harness.engine(backend).run() == .succeeded)
        #expect(!backend.gangs.contains { $0.step.name == "start" })
    }

    @Test("Gangs never hold more than the machine has, and one that exceeds it runs alone with one warning")
    func reservations() async throws {
        var manifest = SampleFlow.manifest
        for index in manifest.steps.indices { manifest.steps[index].settings.resources = Resources(cpu: 1) }
        let harness = try Harness(manifest)
        let backend = self.backend(harness, capacity: MachineCapacity(cpus: 2, memory: 1 << 30, gpus: 0))
        #expect(try await harness.run(backend) == .succeeded)
        let warnings = harness.observations.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(warnings == ["step train asks for 3 cpus, and this machine has 2: it runs alone"])
    }

    @Test("What is asked for elsewhere and memory that is not there are said once of each step, and the step runs")
    func ceilings() async throws {
        var manifest = SampleFlow.manifest
        for index in manifest.steps.indices where manifest.steps[index].name == "cell" {
            manifest.steps[index].settings.elsewhere = Resources(cpu: 64, gpu: 1)
        }
        for index in manifest.steps.indices where manifest.steps[index].name == "row" {
            manifest.steps[index].settings.resources = Resources(cpu: 1, memory: 20 << 30)
        }
        let harness = try Harness(manifest)
        let backend = self.backend(harness, capacity: MachineCapacity(cpus: 8, memory: 8 << 30, gpus: 0))
        #expect(try await harness.run(backend) == .succeeded)
        let warnings = harness.observations.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(
            warnings.sorted() == [
                "step cell asks for 64 cpus and 1 GPU elsewhere, and gets 8 and 0 on this machine",
                "step row asks for 20 GiB of memory, and this machine has 8 GiB: it runs alone",
            ])
    }

    @Test("A gang that asks for more GPUs than the machine has fails before anything of it starts")
    func refused() async throws {
        var manifest = SampleFlow.manifest
        for index in manifest.steps.indices where manifest.steps[index].name == "train" {
            manifest.steps[index].settings.resources = Resources(cpu: 1, gpu: 2)
            manifest.steps[index].settings.retry = RetryPolicy(times: 3, minutesBetween: 0)
        }
        let harness = try Harness(manifest)
        let backend = self.backend(harness, capacity: MachineCapacity(cpus: 8, memory: 8 << 30, gpus: 3))
        #expect(try await harness.run(backend) == .failed)
        #expect(!backend.gangs.contains { $0.step.name == "train" })
        let failure = try await harness.machine().tasks.first { $0.step == "train" }?.failure
        #expect(failure?.code == .refused)
        #expect(failure?.message.contains("this machine has 3; `--without-gpus`") == true)
    }

    @Test(
        "A refusal is the last thing that a run starts: what became ready with it runs before it or never",
        arguments: [
            ("grid", ["start"]), ("prepare", ["start", "grid"]),
        ])
    func refusedAmongOthers(step: String, started: [String]) async throws {
        var manifest = SampleFlow.manifest
        for index in manifest.steps.indices where manifest.steps[index].name == step {
            manifest.steps[index].settings.resources = Resources(gpu: 2)
        }
        let harness = try Harness(manifest)
        let backend = self.backend(harness, capacity: MachineCapacity(cpus: 8, memory: 8 << 30, gpus: 0))
        #expect(try await harness.run(backend) == .failed)
        #expect(backend.gangs.map(\.step.name) == started)
        let failed = try await harness.machine().tasks.filter { $0.status == .failed }
        #expect(failed.map(\.step) == [step])
        #expect(failed.first?.failure?.code == .refused)
    }

    @Test(
        "Nodes that go different ways, an empty foreach and impossible sizes fail the step that asked",
        arguments: [
            Transition.foreach(to: "row", count: 0), .nodes(to: "row", count: 1), .step(to: "merge"), .end,
        ])
    func badTransitions(transition: Transition) async throws {
        let harness = try Harness(SampleFlow.manifest)
        let backend = ScriptedBackend { gang in
            let asked = gang.step.name == "grid" ? transition : SampleFlow.transition(gang)
            return (try? harness.result(gang, asked)).map { .succeeded(Array(repeating: $0, count: gang.size)) }
        }
        #expect(try await harness.run(backend) == .failed)
        let failed = try await harness.machine().tasks.filter { $0.status == .failed }
        #expect(failed.map(\.step) == ["grid"])
        #expect(failed.first?.failure?.code == .contract)
    }

    @Test("A cancelled run stops its gangs, starts nothing new and ends as cancelled, with its reason")
    func cancel() async throws {
        let harness = try Harness(SampleFlow.manifest)
        let backend = ScriptedBackend { gang in
            if gang.step.name == "train" { return nil }
            return Self.answer(gang, harness)
        }
        try await harness.metadata.create(harness.record())
        let engine = harness.engine(backend)
        async let verdict = engine.run()
        while !backend.gangs.contains(where: { $0.step.name == "train" }) { await Task.yield() }
        engine.cancel(reason: "interrupted")
        #expect(try await verdict == .cancelled)
        #expect(backend.gangs.filter { $0.step.name == "joinTrain" }.isEmpty)
        #expect(harness.observations.last == .runFinished(outcome: .cancelled(reason: "interrupted")))
    }

    @Test("A step whose Python environment cannot be made fails with the reason, and its gang is never submitted")
    func environmentFails() async throws {
        var manifest = SampleFlow.manifest
        manifest.steps[1].settings.python = PythonRequirements(packages: ["impossible"])
        manifest.steps[6].settings.python = PythonRequirements(packages: ["six"])
        let harness = try Harness(manifest)
        let backend = self.backend(harness)
        #expect(try await harness.run(backend) == .failed)
        #expect(!backend.gangs.contains { $0.step.name == "grid" })
        let failure = try await harness.machine().tasks.first { $0.status == .failed }?.failure
        #expect(failure?.code == .environment)
        #expect(failure?.message == "no package is called impossible")
    }

    @Test(
        "A step's nodes that see no folder get what they make its Python environment from, and no path of this machine")
    func carriedEnvironment() async throws {
        var manifest = SampleFlow.manifest
        for index in [1, 6] { manifest.steps[index].settings.python = PythonRequirements(packages: ["six"]) }
        manifest.steps[1].settings.place = PlaceSettings(name: "island")
        let harness = try Harness(manifest)
        let (here, island) = (
            self.backend(harness), ScriptedBackend(name: "island", seesFolder: false) { Self.answer($0, harness) }
        )
        try await harness.metadata.create(harness.record())
        #expect(try await harness.engine(here, beside: [island]).run() == .succeeded)
        #expect(!island.gangs.isEmpty)
        #expect(island.gangs.allSatisfy { $0.carried == NoEnvironments.carried && $0.python == nil })
        let own = here.gangs.filter { $0.step.name == manifest.steps[6].name }
        #expect(!own.isEmpty && own.allSatisfy { $0.carried == nil && $0.python == "/usr/bin/python3" })
    }
}
