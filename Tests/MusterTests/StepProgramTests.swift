import FoundationEssentials
import Glibc
import MusterWire
import Testing

@testable import Muster

@Suite struct StepProgramTests {
    private static let parameters: [String: ParameterValue] = ["count": "3", "place": "here"]
    private static let macroParameters: [String: ParameterValue] = [
        "rate": "1", "mode": "fast", "source": .null, "layers": "[]",
    ]

    private func bytes(_ numbers: [Double]) -> Data { numbers.withUnsafeBytes { Data($0) } }

    @Test("The first step writes its transition, its elements and every artifact")
    func start() async throws {
        let sandbox = try TaskSandbox()
        let (code, result) = try await sandbox.run(HandwrittenFlow.self, "start", parameters: Self.parameters)
        #expect(code == 0)
        #expect(result.transition == .foreach(to: "work", count: 3))
        #expect(try sandbox.text("items.jsonl") == "0\n1\n2\n")
        #expect(result.artifacts["numbers"] == ArtifactFile(path: "artifacts/numbers", encoding: .float64))
        #expect(try sandbox.text("artifacts/note") == #""none""#)
        #expect(result.unchanged.isEmpty)
    }

    @Test("A step leaves what it does not touch as it was, without reading it")
    func unchanged() async throws {
        let sandbox = try TaskSandbox.withStore()
        let numbers = try sandbox.store(self.bytes([0.5]), .float64, as: "aa")
        let note = ArtifactReference(digest: "never read", size: 9, encoding: .json)
        let (code, result) = try await sandbox.run(
            HandwrittenFlow.self, "work",
            inputs: [TaskInput(step: "start", taskID: "1", artifacts: ["numbers": numbers, "note": note])],
            parameters: Self.parameters, foreach: [ForeachFrame(step: "start", index: 1, count: 3, item: "1")])
        #expect(code == 0)
        #expect(result.unchanged == ["note": note])
        let written = try Data(contentsOf: URL(fileURLWithPath: "\(sandbox.folder)/artifacts/numbers"))
        #expect(written == self.bytes([0.5, 1]))
        #expect(sandbox.agent.requests == [.artifact(reference: numbers)])
    }

    @Test("A join gets its inputs in order, and merges by digest without reading")
    func join() async throws {
        let sandbox = try TaskSandbox.withStore()
        let note = ArtifactReference(digest: "never read", size: 9, encoding: .json)
        let inputs = try ["a", "b"].enumerated().map { index, digest in
            TaskInput(
                step: "work", taskID: digest,
                artifacts: [
                    "numbers": try sandbox.store(self.bytes([Double(index)]), .float64, as: digest), "note": note,
                ])
        }
        let (_, result) = try await sandbox.run(
            HandwrittenFlow.self, "join", inputs: inputs, parameters: Self.parameters)
        #expect(result.transition == .step(to: "end"))
        #expect(result.unchanged == ["note": note])
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: "\(sandbox.folder)/artifacts/numbers")) == self.bytes([0, 1]))
    }

    @Test("A join asks once for what its inputs hold, large artifacts apart")
    func joinAsksOnce() async throws {
        let sandbox = try TaskSandbox.withStore()
        let large = [Double](repeating: 0.5, count: 10_000)
        let digests = ["a", "b", "large", "a"]
        let inputs = try digests.enumerated().map { index, digest in
            let bytes = digest == "large" ? self.bytes(large) : self.bytes([digest == "a" ? 1 : 2])
            return TaskInput(
                step: "work", taskID: "\(index)", artifacts: ["numbers": try sandbox.store(bytes, .float64, as: digest)]
            )
        }
        let (code, _) = try await sandbox.run(HandwrittenFlow.self, "join", inputs: inputs, parameters: Self.parameters)
        #expect(code == 0)
        let numbers = try Data(contentsOf: URL(fileURLWithPath: "\(sandbox.folder)/artifacts/numbers"))
        #expect(numbers == self.bytes([1, 2] + large + [1]))
        let asked = sandbox.agent.requests.map { request -> Set<String> in
            switch request {
            case .artifacts(let references): Set(references.map(\.digest))
            case .artifact(let reference): [reference.digest] as Set
            default: []
            }
        }
        #expect(asked.contains(["a", "b"] as Set) && asked.count == 2, "\(asked)")
    }

    @Test("An artifact that cannot be read fails a join only when it is the one that is wanted")
    func joinWithoutOne() throws {
        let sandbox = try TaskSandbox.withStore(missing: "lost")
        let good = try sandbox.store("1".utf8, .json, as: "good")
        let lost = ArtifactReference(digest: "lost", size: 1, encoding: .json)
        let inputs = [good, lost].map { TaskInput(step: "work", taskID: "1", artifacts: ["x": $0]) }
        let joined = JoinedArtifact("x", inputs, AgentClient(path: sandbox.agent.path))
        #expect(try joined.locate(good) == "\(sandbox.folder)/good")
        #expect(throws: StepFailure.self) { try joined.locate(lost) }
        #expect(sandbox.agent.requests.count == 3, "all of them, then each alone")
    }

    @Test("A merge of inputs that differ names every artifact they differ in")
    func ambiguous() async throws {
        let sandbox = try TaskSandbox.withStore()
        let inputs = try ["left", "right"].map { step in
            TaskInput(
                step: step, taskID: step,
                artifacts: [
                    "big": try sandbox.store(self.bytes([1]), .float64, as: "big" + step),
                    "small": try sandbox.store("1".utf8, .json, as: "small" + step),
                ])
        }
        let (code, result) = try await sandbox.run(
            MacroFlow.self, "join", inputs: inputs, parameters: Self.macroParameters)
        #expect(code == 1)
        #expect(result.transition == nil)
        #expect(result.error?.code == .body)
        #expect(result.error?.message.contains("'big'") == true)
        #expect(result.error?.message.contains("'small'") == false)
    }

    @Test("Inputs by name are found by the step they come from, whatever their order")
    func named() async throws {
        let sandbox = try TaskSandbox.withStore()
        let inputs = try [("right", "20"), ("left", "1")].map { step, small in
            TaskInput(step: step, taskID: step, artifacts: ["small": try sandbox.store(small.utf8, .json, as: step)])
        }
        let (code, result) = try await sandbox.run(
            MacroFlow.self, "join", inputs: inputs, parameters: Self.macroParameters)
        #expect(code == 0)
        #expect(result.transition == .nodes(to: "train", count: 2))
        #expect(try sandbox.text("artifacts/small") == "21")
    }

    @Test("torch.run asks the agent, and a failure that the body lets pass keeps its code and message")
    func torch() async throws {
        let sandbox = try TaskSandbox { _ in
            var failure = TaskFailure(code: .signal, message: "rank 1 was killed", node: 1, signal: 9)
            failure.id = "launch 1"
            return .failed(failure: failure)
        }
        let (code, result) = try await sandbox.run(MacroFlow.self, "train", parameters: Self.macroParameters)
        #expect(code == 1)
        #expect(result.error == StepError(code: .signal, message: "rank 1 was killed", cause: "launch 1"))
        #expect(
            sandbox.agent.requests == [
                .framework(
                    framework: "torchrun",
                    options: [
                        "entrypoint": .string("train.py"), "arguments": .array([.string("--rate"), .string("1.0")]),
                        "processesPerNode": .int(3), "torchrunArguments": .array([]),
                    ])
            ])
    }

    @Test("What a body has set when it throws is kept, and what it was given")
    func failed() async throws {
        let sandbox = try TaskSandbox.withStore()
        let big = ArtifactReference(digest: "never read", size: 9, encoding: .float64)
        let input = TaskInput(step: "start", taskID: "1", artifacts: ["big": big])
        let (code, result) = try await sandbox.run(
            FailedFlow.self, "start", inputs: [input], parameters: [:])
        #expect(code == 1)
        #expect(result.error == StepError(code: .body, message: "halfway") && result.transition == nil)
        #expect(result.artifacts == ["found": ArtifactFile(path: "artifacts/found", encoding: .json)])
        #expect(result.unchanged == ["big": big])
        #expect(try sandbox.text("artifacts/found") == "41")
    }

    /// Its body sets something, asks for something that cannot be written, and throws.
    private struct FailedFlow: Flow {
        struct Halfway: Error, CustomStringConvertible { let description = "halfway" }
        struct Unwritable: Codable {
            init() {}
            init(from decoder: any Decoder) throws { throw Halfway() }
            func encode(to encoder: any Encoder) throws { throw Halfway() }
        }
        struct Next: NextStep { let departure: Departure }
        @Artifact var found = 0
        @Artifact var big: [Double] = []
        @Artifact var odd = Unwritable()

        static var definition: FlowDefinition<Self> {
            FlowDefinition(
                name: "FailedFlow",
                artifacts: [
                    ArtifactProperty("found", \._found), ArtifactProperty("odd", \._odd),
                    ArtifactProperty("big", \._big),
                ],
                steps: [
                    StepDefinition("start") { flow, _ in
                        flow.found = 41
                        throw Halfway()
                    }
                ])
        }
    }

    @Test("What a decorator throws in prepare ends the step before its body")
    func prepare() async throws {
        let sandbox = try TaskSandbox()
        let (code, result) = try await sandbox.run(MacroFlow.self, "end", parameters: Self.macroParameters)
        #expect(code == 1)
        #expect(result.error == StepError(code: .body, message: "a seed is not negative"))
    }

    @Test(
        "A task that does not fit the flow is refused by name",
        arguments: [
            ("start", ["count": "x" as ParameterValue, "place": ""], "parameter 'count'"),
            ("start", ["count": "1"], "no value for parameter 'place'"),
            ("nowhere", ["count": "1", "place": ""], "no step 'nowhere'"),
            ("work", ["count": "1", "place": ""], "takes an element"),
        ])
    func refuses(step: String, parameters: [String: ParameterValue], reason: String) async throws {
        let sandbox = try TaskSandbox()
        let (code, result) = try await sandbox.run(HandwrittenFlow.self, step, parameters: parameters)
        #expect(code == 1)
        #expect(result.error?.code == .contract)
        #expect(result.error?.message.contains(reason) == true)
    }

    @Test("An element of the wrong type is refused with its index")
    func wrongElement() async throws {
        let sandbox = try TaskSandbox()
        let (_, result) = try await sandbox.run(
            HandwrittenFlow.self, "work", parameters: Self.parameters,
            foreach: [ForeachFrame(step: "start", index: 4, count: 9, item: "\"five\"")])
        #expect(result.error?.message.contains("element 4 of the foreach in step 'start' is not a Int") == true)
    }
}
