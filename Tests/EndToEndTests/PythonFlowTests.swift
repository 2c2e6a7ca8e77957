import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import Testing

/// Whole runs of flows in Python by the real command, engine and agents.
@Suite(.serialized) struct PythonFlowTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    static func flow(_ name: String) -> String { "\(self.root)/Tests/PythonFlows/\(name).py" }

    @Test(
        "Flows of every shape run to their end and leave no process and no scratch folder",
        arguments: [
            ("branches", "BranchFlow", "branches: 62"),
            ("nested", "NestedFlow", "nested: 6 (1, ('a', 1.0)) (2, ('c', 3.0))"),
            ("choice", "ChoiceFlow", "choice: 4 large"),
            (
                "checkpoints", "CheckpointsFlow",
                "checkpoints: [(0, True, ['shard0', 'shard1']), (1, True, ['shard0', 'shard1'])] last"
            ),
            (
                "gangs", "GangsFlow",
                "gangs: [(1, 0, 0), (3, 1, 0), (3, 1, 1), (3, 1, 2)] {'builtins.KeyError'} 2"
            ),
            (
                "failing", "FailingFlow",
                "failing: 2 builtins.KeyError | 'nothing there' | task.timeout"
            ),
            ("anywhere", "AnywhereFlow", "anywhere: 1 None builtins.ValueError at the start"),
        ])
    func shapes(file: String, flow: String, prints: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow(file)])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains(prints), "\(finished)")
        #expect(try await sandbox.newest(flow).record.verdict == .succeeded)
        #expect(sandbox.leftovers(of: flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("What a flow wants done after its run is done then, in its folder, and changes nothing about the run")
    func hooks() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow("hooks")])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.output.hasSuffix("succeeded\nhook: plain\nhook: True True 1 last\n"), "\(finished)")
        #expect(
            finished.errors.contains("the exit hook failing has failed, which changes nothing about the run"),
            "\(finished)")
        let failed = try await sandbox.muster(["run", Self.flow("hooks"), "--fail", "--json"])
        #expect(failed.status == .exited(1), "\(failed)")
        #expect(failed.errors.contains("hook: False True ['first']"), "\(failed)")
        #expect(!failed.output.contains("hook:"), "\(failed)")
    }

    @Test("Parameters, configs, files and tags come as they were given, on the command line and in the environment")
    func given() async throws {
        let sandbox = try Sandbox()
        let note = "\(sandbox.folder)/other.txt"
        try Data("another\n".utf8).write(to: URL(filePath: note))
        let plain = try await sandbox.muster(["run", Self.flow("given")])
        #expect(
            plain.all.contains(
                "given: [3, 1.0, False, ['a', 'b'], {'layers': [1, 2]}, 'GivenFlow-made', None, 'a note', None, 'green', [1, {'x': 2}], 'demo'] [] float"
            ),
            "\(plain)")
        let finished = try await sandbox.muster(
            [
                "run", Self.flow("given"), "--learning_rate", "2", "--wide", "--names=x,y", "--shape", "[7]", "--text",
                "other.txt",
                "--raw", note, "--tag", "b", "--tag", "a", "--flow-option=--config-value", "--flow-option=settings",
                #"--flow-option={"project": "p", "colour": "red", "cpu": 0, "nested": {"deep": 1}}"#,
            ], environment: ["METAFLOW_RUN_COUNT": "8"])
        #expect(
            finished.all.contains(
                "given: [8, 2.0, True, ['x', 'y'], [7], 'GivenFlow-made', None, 'another', b'another\\n', 'red', 1, 'p'] ['a', 'b'] float"
            ),
            "\(finished)")
    }

    @Test("A file that a parameter names and that is not there is refused before a run is made")
    func missingFile() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow("given"), "--text", "nosuch.txt"])
        #expect(finished.status == .exited(2), "\(finished)")
        #expect(finished.errors.contains("the file 'nosuch.txt' of parameter 'text' cannot be read"), "\(finished)")
        await #expect(throws: (any Error).self) { _ = try await sandbox.newest("GivenFlow") }
    }

    @Test(
        "A flow that is wrong is refused with file and line before a run is made",
        arguments: [
            ("syntax", "syntax.py:2: invalid syntax"), ("nostart", "nostart.py:2: the flow F has no step called start"),
            ("cycle", "cycle.py:7: steps a → b → a go round in a circle"),
            ("twice", "twice.py:5: step start calls self.next twice"),
            ("unknown", "unknown.py:5: step start goes on to ennd, and there is no such step; did you mean end?"),
            (
                "notgang",
                "notgang.py:4: step start asks for nodes for a, which is no gang step; put @parallel or a framework such as @torchrun on a"
            ),
            ("gangalone", "gangalone.py:4: step start goes on to the gang step a without nodes; say how many"),
            ("gangopen", "gangopen.py:8: the gang step a goes on to end, which is no join"),
            ("gangchoice", "gangchoice.py:4: the fan-out of start to a is closed by several joins (j, k)"),
            ("nojoin", "nojoin.py:"),
            ("constant", "constant.py:6: step start sets self.limit, which is a constant of the flow's class"),
            ("maybe", "maybe.py:6: step start calls self.next before its last line"),
        ])
    func wrong(file: String, message: String) async throws {
        let sandbox = try Sandbox()
        for verb in ["run", "check"] {
            let finished = try await sandbox.muster([verb, Self.flow("wrong/\(file)")])
            #expect(finished.status == .exited(2), "\(finished)")
            #expect(finished.errors.contains(message), "\(finished)")
        }
        await #expect(throws: (any Error).self) { _ = try await sandbox.newest("F") }
    }

    @Test(
        "A body that fails is named with file and line, whatever it does",
        arguments: [
            ("raises", "failed in start/1: ZeroDivisionError: division by zero (raises.py:9)"),
            ("lock", "lock.py:6: artifact self.lock of step start cannot be pickled"),
            ("exit", "step start called sys.exit('bye') (exit.py:6)"), ("segv", "segv.py\", line 6 in start"),
            ("nonodes", "nonodes.py:5: num_parallel is 0; a gang has at least one node"),
            ("textnodes", "textnodes.py:5: num_parallel has to be a whole number, not '2'"),
            ("prints", "ValueError: after eight megabytes (prints.py:7)"),
        ])
    func failures(file: String, message: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow("wrong/\(file)")])
        #expect(finished.status == .exited(1), "\(finished)")
        #expect(finished.all.contains(message), "\(finished)")
        #expect(sandbox.leftovers(of: "F").isEmpty)
    }

    @Test("Nothing of what a failing body prints is lost, and what its child raises is not the step's")
    func printsAndForks() async throws {
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", Self.flow("wrong/prints")])
        let printed = try await sandbox.muster(["logs", "F/latest/start/1", "--stdout"]).output
        #expect(printed.utf8.count == 100_000 * 80)
        let forked = try await sandbox.muster(["run", Self.flow("wrong/forks")])
        #expect(forked.status == .exited(0), "\(forked)")
        #expect(forked.all.contains("ValueError: in the child"), "\(forked)")
    }

    @Test("A crash in compiled code is called what it is, in the log of its step")
    func fault() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow("fault")])
        #expect(finished.status == .exited(1), "\(finished)")
        let logs = try await sandbox.muster(["logs", "FaultFlow/latest/start/1", "--stderr"])
        #expect(
            logs.all.contains("ended by a segmentation fault") && logs.all.contains("fault.py\", line 12"), "\(logs)")
        #expect(!logs.all.contains("before the fault"), "\(logs)")
    }

    @Test("One interpreter serves all steps of an agent, and --no-serve starts one for each", arguments: [true, false])
    func serving(serves: Bool) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            ["run", Self.flow("served"), "--max-workers", "1"] + (serves ? [] : ["--no-serve"]))
        #expect(finished.status == .exited(0), "\(finished)")
        let isServed = serves ? "True" : "False"
        #expect(finished.all.contains("served: \(isServed) True __main__ served.py 1"), "\(finished)")
    }

    @Test("What a module draws, makes and reads by itself is every task's own", arguments: [true, false])
    func fresh(serves: Bool) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            ["run", Self.flow("fresh"), "--max-workers", "2"] + (serves ? [] : ["--no-serve"]))
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("different: [6, 6, 6, 6] own: True"), "\(finished)")
    }

    @Test("A relative folder of PYTHONPATH is the one beside which a flow was started, for all of its processes")
    func searchPath() async throws {
        let sandbox = try Sandbox()
        let folder = "\(sandbox.folder)/lib"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("PLACE = __file__".utf8).write(to: URL(filePath: "\(folder)/beside_the_start.py"))
        let finished = try await sandbox.muster(
            ["run", Self.flow("search")], environment: ["PYTHONPATH": "lib", "PYTHONDONTWRITEBYTECODE": "1"])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("start: \(folder)/beside_the_start.py"), "\(finished)")
        #expect(
            finished.all.components(separatedBy: "launched: \(folder)/beside_the_start.py").count == 3, "\(finished)")
    }

    @Test("A step with packages of its own runs on the Python that has them")
    func packages() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", Self.flow("packages")])
        #expect(finished.all.contains("packages: True"), "\(finished)")
    }

    // MARK: - As Metaflow users type it

    /// Runs `python3 FLOW.py …`, with Muster's front end where it would be installed.
    func python(_ arguments: [String], in sandbox: Sandbox) async throws -> Finished {
        var environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        environment["PYTHONPATH"] = "\(Self.root)/Python:\(Self.root)/Python/muster/shim"
        environment["MUSTER_COMMAND"] = "\(Sandbox.programs)/muster"
        let spec = ProcessSpec(
            executable: "python3", arguments: arguments, environment: environment, workingDirectory: sandbox.folder,
            newSession: true)
        return Finished(try await sandbox.reactor.run(spec))
    }

    @Test("The flow's file has the same verbs, and options where Metaflow has them")
    func handover() async throws {
        let sandbox = try Sandbox()
        let file = Self.flow("branches")
        let finished = try await self.python(
            [
                file, "--no-pylint", "--datastore", "local", "--with", "retry:times=1", "run", "--scale", "3",
                "--run-id-file", "id", "--max-workers", "4", "--tag", "x",
            ],
            in: sandbox)
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("branches: 83"), "\(finished)")
        let (record, _) = try await sandbox.newest("BranchFlow")
        #expect(record.manifest.step("start")?.settings.retry.times == 1)
        #expect(try String(contentsOfFile: "\(sandbox.folder)/id", encoding: .utf8) == record.run)
        #expect(
            try await self.python([file, "tag", "add", "--run-id", record.run, "y"], in: sandbox).status == .exited(0))
        let tags = try await self.python([file, "tag", "list", "--flat", "--hide-system-tags"], in: sandbox)
        #expect(tags.errors.hasSuffix("\nx\ny\n"), "\(tags)")
        let replaced = try await self.python(
            [file, "tag", "replace", "--run-id", record.run, "--remove", "y", "--add", "z"], in: sandbox)
        #expect(replaced.status == .exited(0), "\(replaced)")
        #expect(
            try await self.python([file, "logs", "show", "\(record.run)/end/5"], in: sandbox).output == "branches: 83\n"
        )
        #expect(try await self.python([file, "output-dot"], in: sandbox).output.contains("digraph"))
        let client = try await self.python(
            ["\(Self.root)/Tests/PythonFlows/client.py", "BranchFlow/\(record.run)"], in: sandbox)
        #expect(client.output.contains(#""tags": ["x", "z"]"#), "\(client)")
    }

    @Test(
        "What is not supported says so and names what is",
        arguments: [
            (
                ["--metadata", "service", "run"],
                "--metadata service is not supported: runs are recorded in a store on this machine; Muster knows --metadata local"
            ),
            (["--datastor", "local", "run"], "--datastor is not supported before the verb; did you mean --datastore?"),
            (["runn"], "there is no verb 'runn'; did you mean run?"),
        ])
    func unsupported(arguments: [String], message: String) async throws {
        let finished = try await self.python([Self.flow("branches")] + arguments, in: try Sandbox())
        #expect(finished.status == .exited(2), "\(finished)")
        #expect(finished.errors.contains(message), "\(finished)")
    }

    @Test(
        "Muster's front end and the command tell the same of a run",
        arguments: [("failing", "FailingFlow"), ("nested", "NestedFlow")])
    func client(file: String, flow: String) async throws {
        struct Told: Decodable {
            var status: String
            var tasks: [[String]]
            var output: String
        }
        let sandbox = try Sandbox()
        _ = try await sandbox.muster(["run", Self.flow(file)])
        let (record, machine) = try await sandbox.newest(flow)
        let finished = try await self.python(
            ["\(Self.root)/Tests/PythonFlows/client.py", "\(record.key)"], in: sandbox)
        let told = try JSONDecoder().decode(Told.self, from: Data(finished.output.utf8))
        #expect(told.status == record.verdict?.rawValue)
        #expect(told.output.contains(file))
        let expected = machine.tasks.map { [$0.step, "\($0.number)", $0.wasCaught ? "caught" : "succeeded"] }
        #expect(told.tasks == expected.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test("Flows are run from Python, to their end and beside the program, and a run that cannot begin says why")
    func runner() async throws {
        let sandbox = try Sandbox()
        let script = "\(Self.root)/Tests/PythonFlows/runner.py"
        let finished = try await self.python([script, Self.flow("branches")], in: sandbox)
        #expect(
            finished.output
                == "successful 83 ['by-hand'] True\nsuccessful 83 True 0\nsuccessful 104 True\ntimeout True False\n[104, 83, 83]\n",
            "\(finished)")
        let refused = try await self.python([script, Self.flow("branches"), "wrong"], in: sandbox)
        #expect(refused.errors.contains("'many' for parameter 'scale'"), "\(refused)")
    }

    @Test("Variables that a flow's file sets give parameters their values, however the flow is started")
    func variables() async throws {
        let sandbox = try Sandbox()
        let flow = Self.flow("variables")
        let handed = try await self.python([flow, "run", "--beta", "4", "--namespace="], in: sandbox)
        #expect(handed.output.contains("seen: 5 4 ['a', 'b'] None"), "\(handed)")
        let named = try await sandbox.muster(
            ["run", flow, "--namespace", "user:x"], environment: ["METAFLOW_RUN_BETA": "6"])
        #expect(named.output.contains("seen: 5 6 ['a', 'b'] user:x"), "\(named)")
        let given = try await sandbox.muster(["run", flow, "--alpha", "7"])
        #expect(given.output.contains("seen: 7 3 ['a', 'b'] user:"), "\(given)")
    }

    @Test("The flow of a notebook's cell runs and leaves no file beside what runs leave")
    func notebook() async throws {
        let sandbox = try Sandbox()
        let finished = try await self.python(
            ["\(Self.root)/Tests/PythonFlows/notebook.py", sandbox.folder], in: sandbox)
        #expect(finished.output.hasPrefix("True 42 ['cell'] ["), "\(finished)")
        #expect(!finished.output.contains(".py"), "\(finished)")
    }

    @Test("A run that takes over finished gangs runs none of them again")
    func resumeAfterGangs() async throws {
        let sandbox = try Sandbox()
        let gate = "\(sandbox.folder)/gate"
        #expect(try await sandbox.muster(["run", Self.flow("gangs"), "--gate", gate]).status == .exited(1))
        try Data().write(to: URL(filePath: gate))
        let resumed = try await sandbox.muster(["resume", Self.flow("gangs")])
        #expect(
            resumed.all.contains("gangs: [(1, 0, 0), (3, 1, 0), (3, 1, 1), (3, 1, 2)] {'builtins.KeyError'} 2"),
            "\(resumed)")
        let tasks = try await sandbox.newest("GangsFlow").machine.tasks
        #expect(
            tasks.filter { $0.clonedFrom != nil }.map(\.step).sorted() == [
                "gather", "gather", "size", "size", "start", "team", "team",
            ])
    }

    @Test("A foreach is as wide as it is, or as somebody allows; logs are kept whole, and a run says so")
    func limits() async throws {
        let sandbox = try Sandbox()
        let file = "\(Self.root)/Examples/Python/foreach/flow.py"
        let narrow = try await sandbox.muster(["run", file, "--max-num-splits", "4", "--max-log-size", "1"])
        #expect(narrow.status == .exited(1), "\(narrow)")
        #expect(
            narrow.all.contains("over 5 elements, and --max-num-splits allows 4; raise it or leave it out"), "\(narrow)"
        )
        #expect(narrow.all.contains("--max-log-size does not count here: logs are kept whole"), "\(narrow)")
        #expect(try await sandbox.muster(["run", file, "--max-num-splits", "5"]).status == .exited(0))
        let wrong = try await sandbox.muster(["run", file, "--max-num-splits", "0"])
        #expect(wrong.errors.contains("--max-num-splits is 0; it has to be 1 or more"), "\(wrong)")
    }

    @Test("A failed run is resumed from where it failed, with what was done taken over")
    func resume() async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/flow/mended.py"
        try FileManager.default.createDirectory(atPath: "\(sandbox.folder)/flow", withIntermediateDirectories: true)
        let source = try String(contentsOfFile: Self.flow("wrong/raises"), encoding: .utf8)
        try Data(source.utf8).write(to: URL(filePath: file))
        #expect(try await sandbox.muster(["run", file]).status == .exited(1))
        try Data(source.replacingOccurrences(of: "return 1/0", with: "return 1").utf8).write(to: URL(filePath: file))
        let resumed = try await sandbox.muster(["resume", file])
        #expect(resumed.status == .exited(0), "\(resumed)")
    }
}
