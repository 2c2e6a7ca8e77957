import MusterModel
import Testing

@testable import MusterFrameworks

/// Files that a launch names, which are beside the flow or where it was started.
@Suite struct ScriptRunnerTests {
    @Test(
        "The script of a program that runs one is found among its arguments",
        arguments: [
            ("python3", ["train.py", "a.py"], 0), ("/usr/bin/python3.11", ["-u", "train.py"], 1), ("sh", ["run.sh"], 0),
            ("bash", ["-eu", "run.sh"], 1), ("python", ["-m", "package.train"], nil), ("sh", ["-c", "echo a.sh"], nil),
            ("./train", ["train.py"], nil), ("python3", [], nil), ("python3", ["-u"], nil),
        ] as [(String, [String], Int?)])
    func script(program: String, arguments: [String], index: Int?) {
        #expect(ScriptRunner.scriptIndex(of: program, arguments) == index)
    }

    @Test("A compiler's sources are files, and what it makes is none")
    func sources() {
        let arguments = ["-O2", "-o", "out.c", "heat.c", "lib/a.cpp", "-lm", "-Iinclude", "b.o"]
        #expect(MPITool.sources(in: arguments) == ["heat.c", "lib/a.cpp"])
    }

    private func context(_ environment: [String: String] = [:]) -> LaunchContext {
        LaunchContext(
            roster: GoldenPlanTests.roster(1), node: 0, round: LaunchRound(launch: 1, restart: 0), port: 1,
            processes: [1],
            runID: "run", python: "/venv/bin/python3", environment: environment, folder: "/scratch",
            places: ["train.py": "/flow/train.py", "heat.c": "/flow/heat.c"])
    }

    @Test("Plans call files by where they are on the node, and Python by the flow's interpreter")
    func places() throws {
        let context = self.context()
        #expect(context.placed(["-u", "train.py", "train.py"], of: "python3") == ["-u", "/flow/train.py", "train.py"])
        #expect(context.program("python") == "/venv/bin/python3" && context.program("./heat") == "./heat")
        let mpi = MPIFramework()
        let checked = try mpi.check(
            options: ["operation": .string("cc"), "arguments": GoldenPlanTests.texts("-o", "heat", "heat.c")],
            settings: [:],
            node: NodeFacts(index: 0, size: 1, cpus: 1, gpus: 0, environment: [:]))
        #expect(checked.files == ["heat.c"])
        #expect(
            try mpi.plan(checked.request, context).processes[0].arguments == ["mpicc", "-o", "heat", "/flow/heat.c"])
    }

    @Test("A module is looked for beside the flow too, after the folder that everything runs in")
    func modules() {
        let names = (NodeEnvironment.flowFolder, NodeEnvironment.workFolder)
        let elsewhere = self.context([names.0: "/flow", names.1: "/work", "PYTHONPATH": "/own"]).findingModules
        #expect(elsewhere.environment["PYTHONPATH"] == "/flow:/own")
        #expect(self.context([names.0: "/flow", names.1: "/flow"]).findingModules.environment["PYTHONPATH"] == nil)
    }
}
