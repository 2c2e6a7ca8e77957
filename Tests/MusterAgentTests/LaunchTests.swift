import Foundation
import MusterModel
import MusterProcess
import MusterWire
import Testing

@testable import MusterAgent

/// torchrun launches with real agents; the workers are shell scripts, which see what torch would see.
@Suite(.timeLimit(.minutes(10))) struct LaunchTests {
    static let worker = """
        #!/bin/sh
        echo "rank=$RANK/$WORLD_SIZE local=$LOCAL_RANK/$LOCAL_WORLD_SIZE group=$GROUP_RANK restart=$TORCHELASTIC_RESTART_COUNT at=$MASTER_ADDR arg=$1"
        test "$MASTER_PORT" -gt 0 || exit 99
        """

    static func run(
        _ size: Int, _ body: String, worker: String = worker,
        change: @escaping @Sendable (inout NodeSpec) -> Void = { _ in }
    )
        async throws -> (AgentHarness, GangReport)
    {
        let harness = try AgentHarness(size, body, files: ["worker.sh": worker], change: change)
        try harness.start()
        let report = try await harness.report()
        harness.expectNothingLeft()
        return (harness, report)
    }

    @Test("Workers start on every node with their ranks, and a second launch follows the first")
    func ranks() async throws {
        let (harness, report) = try await Self.run(
            3,
            """
            for turn in ["one", "two"]:
                answer = torchrun("./worker.sh", [turn], processesPerNode=2)
                if answer != {"done": {}}: fail(answer)
            result()
            """)
        #expect(report.failure == nil, "\(report)")
        for node in 0..<3 {
            let log = harness.text(node)
            for turn in ["one", "two"] {
                for local in 0..<2 {
                    #expect(
                        log.contains(
                            "rank=\(2 * node + local)/6 local=\(local)/2 group=\(node) restart=0 at=127.0.3.1 arg=\(turn)"
                        ))
                }
            }
        }
    }

    @Test("The decorator's options are the defaults, on a gang of one too")
    func single() async throws {
        let (harness, report) = try await Self.run(1, "print(torchrun('./worker.sh'))\nresult()") {
            $0.framework = FrameworkSettings(name: "torchrun", options: ["processesPerNode": .int(3)])
        }
        #expect(report.failure == nil)
        let log = harness.text(0)
        #expect(log.contains("rank=2/3"))
        #expect(log.contains("{'done': {}}"))
    }

    @Test(
        "A worker that fails ends the launch on all nodes and is the gang's cause", arguments: ["exit 9", "kill -9 $$"])
    func fails(how: String) async throws {
        let worker = """
            #!/bin/sh
            if [ $RANK = 3 ]; then echo going >&2; \(how); fi
            sleep 600
            """
        let (_, report) = try await Self.run(
            4, "answer = torchrun('./worker.sh')\nif answer != {'done': {}}: fail(answer)\nresult()", worker: worker)
        let failure = try #require(report.failure)
        #expect(failure.node == 3 && failure.process == "rank 3" && failure.lastLines == ["going"])
        #expect(how == "exit 9" ? failure.exitCode == 9 : failure.signal == 9)
        #expect(failure.message.hasPrefix("rank 3 on node 3 "))
        #expect(report.nodes.map(\.status) == [.stopped, .stopped, .stopped, .failed])
    }

    @Test("What torch's record wrote about an error is part of the failure")
    func errorFile() async throws {
        let worker = """
            #!/bin/sh
            echo '{"message": {"message": "ValueError: nan", "extraInfo": {}}}' > $TORCHELASTIC_ERROR_FILE
            exit 1
            """
        let (_, report) = try await Self.run(1, "fail(torchrun('./worker.sh'))", worker: worker)
        #expect(report.failure?.message == "rank 0 left with exit code 1: ValueError: nan")
    }

    @Test("A body may live on after a launch that failed, and nothing of it is left")
    func survives() async throws {
        let worker = """
            #!/bin/sh
            [ $1 = bad ] || exit 0
            [ $RANK = 1 ] && exit 5
            setsid sh -c "trap '' TERM; while :; do sleep 1; done" &
            trap '' TERM
            while :; do sleep 0.1; done
            """
        let (_, report) = try await Self.run(
            2,
            """
            failure = torchrun("./worker.sh", ["bad"])["failed"]["failure"]
            assert failure["process"] == "rank 1" and failure["exitCode"] == 5, failure
            time.sleep(0.1)
            for process in filter(str.isdigit, os.listdir("/proc")):
                try: left = open(f"/proc/{process}/environ").read()
                except OSError: continue
                assert f"MUSTER_LAUNCH={os.environ['MUSTER_SCOPE']}/" not in left, process
            assert torchrun("./worker.sh", ["good"]) == {"done": {}}
            result()
            """, worker: worker
        ) { $0.grace = 0.5 }
        #expect(report.failure == nil, "\(report)")
    }

    @Test("With restarts left all workers start again, counted as torchrun counts")
    func restarts() async throws {
        let worker = """
            #!/bin/sh
            echo "rank=$RANK restart=$TORCHELASTIC_RESTART_COUNT of $TORCHELASTIC_MAX_RESTARTS"
            [ $TORCHELASTIC_RESTART_COUNT = 2 ] && exit 0
            begun=$MUSTER_STORE/begun-$TORCHELASTIC_MAX_RESTARTS-$TORCHELASTIC_RESTART_COUNT
            [ $RANK = 0 ] && touch $begun && exec sleep 600
            # Not before the other has written its line: it is ended then.
            until [ -e $begun ]; do sleep 0.05; done
            exit 5
            """
        let body =
            "answer = torchrun('./worker.sh', raw=['--no-python', '--max-restarts=RESTARTS'])\nif answer != {'done': {}}: fail(answer)\nresult()"
        let (harness, report) = try await Self.run(
            2, body.replacingOccurrences(of: "RESTARTS", with: "2"), worker: worker)
        #expect(report.failure == nil, "\(report)")
        for restart in 0...2 { #expect(harness.text(0).contains("rank=0 restart=\(restart) of 2")) }
        let (_, short) = try await Self.run(2, body.replacingOccurrences(of: "RESTARTS", with: "1"), worker: worker)
        #expect(short.failure?.process == "rank 1" && short.failure?.exitCode == 5)
    }

    @Test(
        "What cannot be launched is refused before any process starts",
        arguments: [
            ("torchrun('nothing.py', raw=[])", "the entrypoint nothing.py does not exist in the work folder"),
            ("torchrun('./worker.sh', raw=['--max-restarts=x'])", "--max-restarts"),
            ("ask({'framework': {'framework': 'abacus', 'options': {}}})", "there is no framework called 'abacus'"),
            ("torchrun('./worker.sh' if node else './other.sh')", "started different things: entrypoint"),
            ("torchrun('./worker.sh') if node else sys.exit(result())", "had ended without it"),
        ])
    func refused(call: String, message: String) async throws {
        let harness = try AgentHarness(
            2, "answer = \(call)\nfail(answer)",
            files: ["worker.sh": "#!/bin/sh\necho ran\n", "other.sh": "#!/bin/sh\necho ran\n"])
        try harness.start()
        let failure = try #require(try await harness.report().failure)
        #expect(failure.message.contains(message), "\(failure.message)")
        for node in 0..<2 { #expect(!harness.text(node).contains("\nran\n")) }
    }

    @Test("A Python that is missing is named with the rank that needed it")
    func noPython() async throws {
        let (_, report) = try await Self.run(2, "fail(torchrun('worker.sh', raw=[]))") {
            $0.task.python = "/nowhere/bin/python3"
        }
        #expect(report.failure?.code == .environment)
        #expect(report.failure?.message.contains("/nowhere/bin/python3") == true, "\(report.failure?.message ?? "")")
    }
}
