import Foundation
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Testing

@testable import MusterAgent

/// One node with a real agent and a real program.
@Suite(.timeLimit(.minutes(10))) struct NodeTests {
    static let ok = MusterProcess.ExitStatus.exited(0)

    @Test("A step's transition, artifacts and output arrive, and nothing of the node is left")
    func succeeds() async throws {
        let harness = try AgentHarness(
            1,
            """
            open(folder + "/weights", "wb").write(bytes(8))
            print("hello", end="", flush=True)
            sys.stderr.buffer.write(b"\\xff\\rpart")
            result({"foreach": {"to": "fit", "count": 2}}, artifacts={"weights": {"path": "weights", "encoding": "float64"}})
            open(folder + "/items.jsonl", "w").write("1\\n2\\n")
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil)
        let result = try #require(report.nodes.first?.result)
        #expect(result.transition == .foreach(to: "fit", count: 2))
        #expect(result.artifacts["weights"]?.size == 8)
        #expect(result.items?.size == 4)
        #expect(try await harness.exits() == [Self.ok])
        let log = harness.text(0)
        #expect(log.contains("0 o 5\nhello\n"))
        #expect(log.contains("0 e 6\n"))
        #expect(harness.reportFileExists)
        harness.expectNothingLeft()
    }

    @Test(
        "What a failed body had set is taken in; when that cannot be, the failure is still the body's",
        arguments: [true, false])
    func failedBody(isThere: Bool) async throws {
        let harness = try AgentHarness(
            1,
            """
            if \(isThere ? 1 : 0): open(folder + "/found", "w").write("41")
            result(None, error={"code": "step.error", "message": "halfway"}, artifacts={"found": {"path": "found", "encoding": "json"}})
            sys.exit(1)
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure?.code == .body && report.failure?.message == "halfway", "\(report)")
        #expect(report.nodes.map { $0.left?["found"]?.size } == [isThere ? 2 : nil])
        #expect(try await harness.exits() == [Self.ok])
        harness.expectNothingLeft()
    }

    @Test("A task that is too long for a line comes from a file, which goes then")
    func taskFile() async throws {
        let reference = ArtifactReference(digest: String(repeating: "ab", count: 32), size: 8, encoding: .pickle)
        let harness = try AgentHarness(
            1,
            """
            assert task["taskID"] == "3" and task["socket"] and task["user"] == "me" and task["inputs"][0]["artifacts"]["a"]["size"] == 8
            result()
            """
        ) { spec in
            let path = "\(spec.store)/task.json"
            var task = spec.task
            task.inputs = [TaskInput(step: "start", taskID: "1", artifacts: ["a": reference])]
            try? LineCoding.encode(task).write(to: URL(filePath: path))
            (spec.task, spec.taskFile) = (task.brief, path)
        }
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        #expect(!FileManager.default.fileExists(atPath: "\(harness.root)/store/task.json"))
    }

    @Test("A request that is too long is told so")
    func longRequest() async throws {
        let harness = try AgentHarness(
            1,
            """
            answer = ask({"process": {"arguments": ["true", "x" * (65 << 20)], "environment": {}}})
            assert "a line of more than 67108864 bytes" in answer["failed"]["failure"]["message"], answer
            result()
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
    }

    @Test(
        "A large element of a foreach is taken in like an artifact, several of one file once, and the others stay as they are"
    )
    func largeElements() async throws {
        let harness = try AgentHarness(
            1,
            """
            os.mkdir(folder + "/artifacts")
            for name in "ab": open(folder + "/artifacts/@" + name, "w").write(name * 9)
            result({"foreach": {"to": "fit", "count": 4}})
            lines = ['{"b":1.0, "a":-0.0}', '@{"path":"artifacts/@a","encoding":"json"}', '@{"path":"artifacts/@b","encoding":"data"}', '@{"path":"artifacts/@a","encoding":"json"}']
            open(folder + "/items.jsonl", "w").write("\\n".join(lines))
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        let store = ArtifactStore(StoreLayout(root: "\(harness.root)/store"))
        let items = try store.data(try #require(report.nodes.first?.result?.items))
        let lines = items.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 4 && lines[0] == Data(#"{"b":1.0, "a":-0.0}"#.utf8) && lines[1] == lines[3])
        let references = try [1, 2].map { try ItemLine.decode(ArtifactReference.self, from: lines[$0]) }
        #expect(references.map(\.encoding) == [.json, .data])
        #expect(try references.map { try store.data($0) } == [Data("aaaaaaaaa".utf8), Data("bbbbbbbbb".utf8)])
        #expect(try await harness.exits() == [Self.ok])
        harness.expectNothingLeft()
    }

    @Test("The step finds its place in the environment, its work folder and its task file")
    func environment() async throws {
        let harness = try AgentHarness(
            1,
            """
            assert os.path.samefile(os.getcwd(), os.path.dirname(folder) + "/work")
            assert open("data.txt").read() == "packaged"
            assert os.environ["MUSTER_STEP"] == "train" and os.environ["MUSTER_TASK"] == "3" == task["taskID"]
            assert os.environ["MF_PARALLEL_NUM_NODES"] == "1" and os.environ["MF_PARALLEL_NODE_INDEX"] == "0"
            assert os.environ["MF_PARALLEL_MAIN_IP"] == "127.0.3.1" == os.environ["MUSTER_CONTROL_ADDRESS"]
            assert os.environ["MF_PARALLEL_CONTROL_TASK_ID"] == "3" and os.environ["MUSTER_TASK_FOLDER"] == folder
            assert os.environ["TMPDIR"] == task["temporaryFolder"] and os.path.isdir(task["temporaryFolder"])
            assert os.path.exists(os.environ["VIRTUAL_ENV"] + "/pyvenv.cfg")
            assert os.environ["PATH"] == os.environ["VIRTUAL_ENV"] + "/bin:/usr/bin:/bin"
            assert os.stat(os.path.dirname(folder)).st_mode & 0o777 == 0o700
            assert os.getsid(0) == os.getpid() and "HOME" not in os.environ
            result()
            """, files: ["data.txt": "packaged", "pyvenv.cfg": ""]
        ) { $0.task.python = "\($0.package)/bin/python3" }
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
    }

    @Test(
        "A step that fails is reported with how it ended and its last lines",
        arguments: [
            (
                "print('out'); sys.exit('bad luck')", TaskFailure.Code.exit, "the step program left with exit code 1",
                "bad luck"
            ),
            (
                "print('last words', flush=True); os.kill(os.getpid(), 9)", .signal,
                "the step program was ended by signal 9 (SIGKILL)", "last words"
            ),
            (
                "print('x'); result(None, error={'code': 'step.error', 'message': 'no luck'}); sys.exit(1)", .body,
                "no luck", "x"
            ),
            ("print('x')", .contract, "the step program left with exit code 0 but no result.json", "x"),
            (
                "print('x'); open(folder + '/result.json', 'w').write('{')", .contract,
                "result.json cannot be understood", "x"
            ),
            ("print('x'); result(version=2)", .contract, "version 2", "x"),
            ("print('x'); result(None)", .contract, "neither a transition nor an error", "x"),
            ("print('x'); result(error={'code': 'step.error', 'message': 'no'})", .contract, "both", "x"),
            (
                "print('x'); result(artifacts={'a': {'path': '../flow.py', 'encoding': 'data'}})", .contract,
                "not below the task folder", "x"
            ),
            (
                "print('x'); os.symlink('/etc/passwd', folder + '/a'); result(artifacts={'a': {'path': 'a', 'encoding': 'data'}})",
                .contract, "not a file", "x"
            ),
            ("print('x'); result(artifacts={'a': {'path': 'a', 'encoding': 'data'}})", .contract, "not a file", "x"),
            (
                "print('x'); os.symlink('/etc', folder + '/b'); result(artifacts={'a': {'path': 'b/passwd', 'encoding': 'data'}})",
                .contract, "not a file of the task folder", "x"
            ),
            (
                "print('x'); os.mkfifo(folder + '/result.json')", .contract, "result.json is not a plain file", "x"
            ),
            (
                "print('x'); result(); os.truncate(folder + '/result.json', 6 << 30)", .contract,
                "result.json has 6442450944 bytes", "x"
            ),
            (
                "print('x'); result(unchanged={'a': {'digest': '0' * 64, 'size': 1, 'encoding': 'data'}})", .contract,
                "unchanged", "x"
            ),
            ("print('x'); result({'foreach': {'to': 'a', 'count': 2}})", .contract, "items.jsonl", "x"),
        ])
    func fails(body: String, code: TaskFailure.Code, message: String, line: String) async throws {
        let harness = try AgentHarness(1, body)
        try harness.start()
        let failure = try #require(try await harness.report().failure)
        #expect(failure.code == code)
        #expect(failure.message.contains(message), "\(failure.message)")
        #expect(failure.node == 0 && failure.process == "step")
        #expect(failure.lastLines.last == line)
        #expect(try await harness.exits() == [Self.ok])
        harness.expectNothingLeft()
    }

    @Test("A program or a package that is missing is a failure that names it")
    func missing() async throws {
        let program = try AgentHarness(1, "") { $0.program = ["/nowhere/flow"] }
        try program.start()
        let failure = try #require(try await program.report().failure)
        #expect(failure.code == .environment && failure.message.contains("/nowhere/flow"), "\(failure)")
        let package = try AgentHarness(1, "") { $0.package = "/nowhere/package" }
        try package.start()
        #expect(try await package.report().failure?.message.contains("/nowhere/package") == true)
    }

    @Test("Daemons that left their session go with the step, those that ignore SIGTERM too", arguments: [false, true])
    func daemons(ignore: Bool) async throws {
        let harness = try AgentHarness(1, "daemon(\(ignore ? "True" : "False"))\nresult()") { $0.grace = 0.5 }
        try harness.start()
        #expect(try await harness.report().failure == nil)
        harness.expectNothingLeft()
    }

    @Test("When the engine goes everything goes, and no report is left behind")
    func inputEnds() async throws {
        let harness = try AgentHarness(1, "daemon()\nprint('up', flush=True)\ntime.sleep(600)")
        try harness.start()
        try await harness.started(0)
        _ = try await harness.wait {
            $0.contains { if case .log(_, _)? = $0.status { true } else { false } } ? true : nil
        }
        harness.closeInput(0)
        #expect(try await harness.exits() == [Self.ok])
        #expect(!harness.reportFileExists)
        harness.expectNothingLeft()
    }

    @Test(
        "A stop, a signal to the agent and the timeout end the step and say why",
        arguments: ["stop", "signal", "timeout"])
    func ends(how: String) async throws {
        let harness = try AgentHarness(1, "time.sleep(600)") { if how == "timeout" { $0.timeout = 0.5 } }
        try harness.start()
        try await harness.started(0)
        let cancelled = TaskFailure(code: .cancelled, message: "the run was cancelled")
        if how == "stop" { harness.send(.stop(failure: cancelled), to: 0) }
        if how == "signal" { harness.signal(0, SIGTERM) }
        let report = try await harness.report()
        let failure = try #require(report.failure)
        #expect(report.nodes.map(\.status) == [.stopped])
        switch how {
        case "stop": #expect(failure == cancelled)
        case "signal": #expect(failure.code == .cancelled && failure.message.contains("SIGTERM"))
        default: #expect(failure.code == .timeout && failure.message.contains("timeout of 0.5 s"))
        }
        #expect(try await harness.exits() == [Self.ok])
        harness.expectNothingLeft()
    }

    @Test("A step may run programs on its node, and hears how they ended")
    func process() async throws {
        let harness = try AgentHarness(
            1,
            """
            assert ask({"process": {"arguments": ["sh", "-c", "echo $WHO; test -e data.txt"], "environment": {"WHO": "worker"}}}) == {"done": {}}
            failure = ask({"process": {"arguments": ["sh", "-c", "echo bad >&2; exit 3"], "environment": {}}})["failed"]["failure"]
            assert failure["code"] == "process.exit" and failure["exitCode"] == 3 and failure["process"] == "sh", failure
            assert failure["lastLines"] == ["bad"], failure
            assert "nothing" in ask({"process": {"arguments": ["nothing-of-the-kind"], "environment": {}}})["failed"]["failure"]["message"]
            assert "understand" in ask({"what": 1})["failed"]["failure"]["message"]
            assert "failed" in ask({"artifact": {"reference": {"digest": "0" * 64, "size": 1, "encoding": "data"}}})
            result()
            """, files: ["data.txt": ""])
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        #expect(harness.text(0).contains("10000 o 7\nworker\n"))
    }

    @Test(
        "An agent without a usable specification says what is wrong and leaves with 2",
        arguments: [
            "", "{}\n", "garbage\n",
        ])
    func specification(input: String) async throws {
        let reactor = try ProcessReactor()
        let outcome = try await reactor.run(
            ProcessSpec(executable: try AgentHarness.agent(), environment: [:]), input: Array(input.utf8))
        #expect(outcome.status == .exited(2))
        #expect(String(decoding: outcome.standardError, as: UTF8.self).hasPrefix("muster-agent: "))
    }

    @Test("The agent's command line knows its version and refuses the rest with its usage")
    func commandLine() async throws {
        let reactor = try ProcessReactor()
        func run(_ argument: String) async throws -> ProcessOutcome {
            try await reactor.run(
                ProcessSpec(executable: try AgentHarness.agent(), arguments: [argument], environment: [:]))
        }
        let version = try await run("--version")
        #expect(
            version.status == .exited(0)
                && String(decoding: version.standardOutput, as: UTF8.self).hasPrefix("muster-agent "))
        let wrong = try await run("--help-me")
        #expect(
            wrong.status == .exited(2)
                && String(decoding: wrong.standardError, as: UTF8.self).contains("usage: muster-agent"))
    }
}
