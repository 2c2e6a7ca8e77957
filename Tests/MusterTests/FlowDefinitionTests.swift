import FoundationEssentials
import Testing

@testable import Muster

@Suite struct FlowDefinitionTests {
    private func manifest<Root: Flow>(_ type: Root.Type) throws -> FlowManifest {
        try Root.definition.manifest(fallbackFolder: "/nowhere")
    }

    @Test("A flow written by hand describes itself as one with the macro does")
    func handwritten() throws {
        let manifest = try self.manifest(HandwrittenFlow.self)
        #expect(manifest.steps.map(\.name) == ["start", "work", "join", "end"])
        #expect(manifest.parameters.map(\.isRequired) == [false, true])
        #expect(manifest.artifacts == ["numbers", "note"])
        #expect(manifest.step("start")?.settings.retry == RetryPolicy(times: 1, minutesBetween: 2))
        #expect(manifest.folder.hasSuffix("Tests/MusterTests"))
    }

    @Test("The macro's flow carries edges, joins, summaries, lines and entrypoints")
    func graph() throws {
        let manifest = try self.manifest(MacroFlow.self)
        #expect(manifest.summary == "A flow as its author writes it.")
        #expect(manifest.step("start")?.edges == [.branches(to: ["left", "right"])])
        #expect(manifest.step("start")?.summary == "The first step.")
        #expect(manifest.step("start")?.location?.line == 25)
        #expect(manifest.step("join")?.join?.names == ["left", "right"])
        #expect(manifest.step("join")?.edges == [.nodes(to: "train")])
        #expect(manifest.step("train")?.entrypoints == ["train.py"])
        #expect(manifest.step("gather")?.join == JoinManifest())
    }

    @Test("Decorators add up to the step's settings; one from another package needs no place in Muster")
    func decorators() throws {
        let manifest = try self.manifest(MacroFlow.self)
        let start = try #require(manifest.step("start"))
        #expect(start.decorators.map(\.name) == ["seed", "resources", "retry", "timeout", "environment", "pypi"])
        #expect(start.settings.environment == ["SEED": "42", "A": "b"])
        #expect(start.settings.resources?.memory == 2 << 30)
        #expect(start.settings.resources?.gpu == 1)
        #expect(start.settings.retry == RetryPolicy(times: 3, minutesBetween: 2))
        #expect(start.settings.timeout == 90)
        #expect(start.settings.python == PythonRequirements(packages: ["numpy", "torch==2.13.0"], python: "3.11"))
        #expect(manifest.step("left")?.settings.catchInto == "failure")
        let train = try #require(manifest.step("train")?.settings)
        #expect(train.isGang)
        #expect(train.framework?.options == ["processesPerNode": .int(2), "launcher": .string("torchrun")])
    }

    @Test("Parameters say their kind and default, and survive the manifest's JSON")
    func parameters() throws {
        let manifest = try JSONDecoder().decode(
            FlowManifest.self, from: JSONEncoder().encode(try self.manifest(MacroFlow.self)))
        #expect(manifest.parameters.map(\.kind) == [.double, .choice(cases: ["fast", "slow"]), .url, .json])
        #expect(
            manifest.parameters.map(\.defaultValue) == ["0.5", "slow", .null, "[1]"])
        #expect(manifest.parameters.allSatisfy { !$0.isRequired })
    }

    @Test("A flow whose source is not on this machine takes the program's folder")
    func fallbackFolder() throws {
        var definition = HandwrittenFlow.definition
        definition.file = "/no/such/folder/Flow.swift"
        #expect(try definition.manifest(fallbackFolder: "/programs").folder == "/programs")
    }
}
