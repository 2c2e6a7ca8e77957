import Foundation
import MusterProcess
import Testing

/// The examples in Python as people run them. Those with a framework fetch it once, which may take minutes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct PythonExampleTests {
    @Test(
        "Each example runs to its end with the outcome that it promises",
        arguments: Example.python)
    func run(example: Example) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", example.path])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains(example.prints), "\(finished)")
        #expect(sandbox.leftovers(of: example.flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("A card is one page that needs nothing from elsewhere")
    func card() async throws {
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", "\(PythonFlowTests.root)/Examples/Python/foreach/flow.py"])
        let listed = try await sandbox.muster(["card", "list", "ForeachFlow/latest"])
        #expect(listed.output.contains("choose/7"), "\(listed)")
        let json = try await sandbox.muster(["card", "list", "ForeachFlow/latest", "--json"])
        let rows = try JSONDecoder().decode([[String: String]].self, from: Data(json.output.utf8))
        #expect(
            rows.map { $0["task"] } == ["choose/7"] && rows[0]["path"].map(FileManager.default.fileExists) == true,
            "\(json)")
        let page = try await sandbox.muster(["card", "get", "ForeachFlow/latest/choose"]).output
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        for part in ["<h2>Parameters</h2>", "<h2>Artifacts</h2>", "slope", "<svg", "ForeachFlow/"] {
            #expect(page.contains(part), "\(part)")
        }
        for foreign in ["http://", "https://", "src=\"/", "<script"] { #expect(!page.contains(foreign), "\(foreign)") }
        let none = try await sandbox.muster(["card", "list", "ForeachFlow/latest/start"])
        #expect(none.status == .exited(3), "\(none)")
    }

    @Test("A card is there while its step runs, when it has failed, and in the run that takes the task over")
    func cardsOfEveryState() async throws {
        let sandbox = try Sandbox()
        let gate = "\(sandbox.folder)/gate"
        let running = try sandbox.start(["run", PythonFlowTests.flow("cards"), "--gate", gate])
        await running.wait(for: "waiting")
        let early = try await sandbox.muster(["card", "get", "CardFlow/latest/start"]).output
        #expect(early.contains("half <i>way</i>") && early.contains("The step runs"), "\(early)")
        try Data().write(to: URL(filePath: gate))
        #expect(await running.end() == .exited(1))
        let whole = try await sandbox.muster(["card", "get", "CardFlow/latest/start"]).output
        #expect(whole.contains("the rest") && !whole.contains("The step runs"), "\(whole)")
        let failed = try await sandbox.muster(["card", "get", "CardFlow/latest/middle", "--id", "why"]).output
        for part in ["so far", "The step has failed", "ValueError: no luck"] {
            #expect(failed.contains(part), "\(failed)")
        }

        try Data("go\n".utf8).write(to: URL(filePath: gate))
        let resumed = try await sandbox.muster(["resume", PythonFlowTests.flow("cards")])
        #expect(resumed.all.contains("cards: ['default'] True"), "\(resumed)")
        #expect(try await sandbox.muster(["card", "get", "CardFlow/latest/start"]).output == whole)
        let mended = try await sandbox.muster(["card", "get", "CardFlow/latest/middle"]).output
        #expect(mended.contains("so far") && !mended.contains("no luck"), "\(mended)")
        let own = try await sandbox.muster(["card", "get", "CardFlow/latest/after", "--type", "own_kind"]).output
        #expect(own.contains("told: [True, 'middle', True, False, '0', 41, True, True]"), "\(own)")
        let viewed = try await sandbox.muster(["card", "view", "CardFlow/latest/middle"]).output
        #expect(try String(contentsOfFile: viewed.trimmingCharacters(in: .newlines), encoding: .utf8) == mended)
    }

    @Test("The values of Python's artifacts are shown as Python shows them")
    func dump() async throws {
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", PythonFlowTests.flow("nested")])
        let step = try await sandbox.muster(["dump", "NestedFlow/latest/cell", "--json", "--include", "place"])
        #expect(step.output.components(separatedBy: #""task" : "cell/"#).count > 2, "\(step)")
        let shown = try await sandbox.muster(["dump", "NestedFlow/latest/join/18"])
        #expect(shown.output.contains("places = [(1, ('a', 1.0)), (1, ('b', 2.0))"), "\(shown)")
        let hidden = try await sandbox.muster(["dump", "NestedFlow/latest/cell/4"])
        #expect(!hidden.output.contains("_aside"), "\(hidden)")
        #expect(
            try await sandbox.muster(["dump", "NestedFlow/latest/cell/4", "--private"]).output.contains("_aside"))
    }
}
