import Foundation
import MusterProcess
import Testing

/// The examples in Python as people run them. Those with a framework fetch it once, which may take minutes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct PythonExampleTests {
    @Test(
        "Each example runs to its end with the outcome that it promises",
        arguments: [
            ("foreach", "ForeachFlow", "5 samples in ForeachFlow, the best slope is 2.00"),
            ("gang", "GangFlow", "4 nodes, the sum is 499500"), ("torchrun", "TorchrunFlow", "the slope is 3.0"),
            ("deepspeed", "DeepSpeedFlow", "the slope is 3.0"), ("mpi", "MPIFlow", "2 ranks found 3.141593"),
            ("ray", "RayFlow", "2 nodes, the sum of squares is 2470"),
            ("tensorflow", "TensorFlowFlow", "2 workers, the slope is 3.0"),
        ])
    func example(folder: String, flow: String, prints: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", "\(PythonFlowTests.root)/Examples/Python/\(folder)/flow.py"])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains(prints), "\(finished)")
        #expect(sandbox.leftovers(of: flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("A card is one page that needs nothing from elsewhere")
    func card() async throws {
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", "\(PythonFlowTests.root)/Examples/Python/foreach/flow.py"])
        let listed = try await sandbox.muster(["card", "list", "ForeachFlow/latest"])
        #expect(listed.output.contains("choose/7"), "\(listed)")
        let page = try await sandbox.muster(["card", "get", "ForeachFlow/latest/choose"]).output
        #expect(page.hasPrefix("<!DOCTYPE html>"))
        for part in ["<h2>Parameters</h2>", "<h2>Artifacts</h2>", "slope", "<svg", "ForeachFlow/"] {
            #expect(page.contains(part), "\(part)")
        }
        for foreign in ["http://", "https://", "src=\"/", "<script"] { #expect(!page.contains(foreign), "\(foreign)") }
        let none = try await sandbox.muster(["card", "list", "ForeachFlow/latest/start"])
        #expect(none.status == .exited(3), "\(none)")
    }

    @Test("The values of Python's artifacts are shown as Python shows them")
    func dump() async throws {
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", PythonFlowTests.flow("nested")])
        let shown = try await sandbox.muster(["dump", "NestedFlow/latest/join/18"])
        #expect(shown.output.contains("places = [(1, ('a', 1.0)), (1, ('b', 2.0))"), "\(shown)")
        let hidden = try await sandbox.muster(["dump", "NestedFlow/latest/cell/4"])
        #expect(!hidden.output.contains("_foreach"), "\(hidden)")
        #expect(
            try await sandbox.muster(["dump", "NestedFlow/latest/cell/4", "--private"]).output.contains("_foreach"))
    }
}
