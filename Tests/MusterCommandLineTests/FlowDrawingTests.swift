import MusterModel
import Testing

@testable import MusterCommandLine

@Suite struct FlowDrawingTests {
    private let manifest: FlowManifest = {
        var gang = StepSettings()
        gang.isGang = true
        return FlowManifest(
            name: "Digits", summary: "Trains a model.\nIn parallel.", language: "swift", folder: "/flow",
            parameters: [ParameterManifest(name: "epochs", help: "Passes.", kind: .int, defaultValue: "3")],
            steps: [
                StepManifest(
                    name: "start", summary: "Loads \"the\" data.", edges: [.nodes(to: "train"), .step(to: "end")]),
                StepManifest(
                    name: "train", edges: [.step(to: "join")], settings: gang,
                    decorators: [
                        DecoratorManifest(name: "Resources", options: ["cpu": .int(2)]),
                        DecoratorManifest(name: "Torchrun"),
                    ]),
                StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]),
                StepManifest(name: "end"),
            ])
    }()

    @Test("show prints the flow, its parameters, its steps, their decorators and what follows them")
    func text() {
        #expect(
            self.manifest.text() == """
                Digits
                  Trains a model.
                  In parallel.

                \(ParameterHelp.text(self.manifest.parameters))
                STEPS:
                  start
                      Loads "the" data.
                      → train, on several nodes
                      → end
                  train  (gang)
                      @Resources(cpu: 2)
                      @Torchrun
                      → join
                  join  (join)
                      → end
                  end

                """)
    }

    @Test("show --dot prints a graph for Graphviz, quoted, with choices dashed")
    func dot() {
        #expect(
            self.manifest.dot() == #"""
                digraph "Digits" {
                    rankdir=TB;
                    node [shape=box, style=rounded, fontname="Helvetica"];
                    edge [fontname="Helvetica", fontsize=10];
                    "start" [label="start\nLoads \"the\" data."];
                    "train" [label="train", shape=box3d];
                    "join" [label="join", shape=invtrapezium];
                    "end" [label="end"];
                    "start" -> "train" [label="nodes", style=dashed];
                    "start" -> "end" [style=dashed];
                    "train" -> "join";
                    "join" -> "end";
                }

                """#)
    }

    @Test("The help shows flags, kinds, help and defaults in columns")
    func help() {
        let text = ParameterHelp.text([
            ParameterManifest(name: "epochs", help: "Passes.", kind: .int, defaultValue: "3"),
            ParameterManifest(name: "mode", kind: .choice(cases: ["a", "b"]), defaultValue: "a"),
            ParameterManifest(name: "verbose", help: "Say more.", kind: .bool, defaultValue: "false"),
            ParameterManifest(name: "path", help: "Where.", kind: .string),
        ])
        #expect(
            text == """
                PARAMETERS:
                  --epochs <int>  Passes. (default: 3)
                  --mode <a|b>    (default: a)
                  --[no-]verbose  Say more. (default: false)
                  --path <text>   Where. (required)
                  Each can be set in the environment as well: MUSTER_PARAMETER_EPOCHS=…

                """)
        #expect(ParameterHelp.text([]).isEmpty)
    }
}
