import Glibc
import MusterModel
import MusterProcess
import Testing

/// Serialized, so that each has the machine to itself. Every test ends what carries its own mark and nothing else:
/// tests of other suites start processes as well.
@Suite(.serialized) struct TerminationTests {
    let reactor: ProcessReactor

    init() throws {
        self.reactor = try ProcessReactor()
        #expect(ProcessTree.becomeSubreaper())
    }

    /// Starts a shell script whose processes carry a mark of their own and writes `up` when they stand.
    private func start(_ script: String, mark: String) async throws -> Launch {
        var environment = Launch.environment
        environment["MUSTER_TEST_MARK"] = "\(mark)/0"
        let launch = try Launch(
            self.reactor,
            ProcessSpec(executable: "sh", arguments: ["-c", script], environment: environment, newSession: true))
        await launch.writes("up")
        return launch
    }

    static let resisting = [
        "plain": "sleep 600 & echo up; wait",
        "stopped": "sleep 600 & kill -STOP $!; echo up; kill -STOP $$",
        "deaf": "trap '' TERM; sleep 600 & echo up; while :; do sleep 600; done",
        "daemon": "setsid sh -c 'setsid sh -c \"echo up; exec sleep 600\" & exit 0'; exit 0",
        "deaf daemon": "(setsid sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done' &) ; exit 0",
        "multiplying": "trap 'sleep 600 & sleep 600 & exit' TERM; echo up; while :; do sleep 0.01; done",
    ]

    @Test("Whatever a process does to survive, it is gone afterwards", arguments: resisting.keys.sorted())
    func nothingIsLeft(kind: String) async throws {
        let mark = "test/\(getpid())/\(kind)"
        let launch = try await self.start(try #require(Self.resisting[kind]), mark: mark)
        let selection = ProcessSelection.marked(variable: "MUSTER_TEST_MARK", value: mark)
        #expect(!ProcessTree.find(selection).isEmpty)
        let left = await self.reactor.terminate([selection], grace: 0.3, deadline: 20)
        #expect(left == [])
        #expect(ProcessTree.find(selection).isEmpty)
        _ = await launch.exit()
    }

    @Test("A process that leaves on SIGTERM is given its time to clean up")
    func graceIsGranted() async throws {
        let mark = "test/\(getpid())/grace"
        let launch = try await self.start(
            "trap 'sleep 0.2; echo clean; exit 7' TERM; echo up; while :; do sleep 0.01; done", mark: mark)
        let left = await self.reactor.terminate([.marked(variable: "MUSTER_TEST_MARK", value: mark)], grace: 20)
        #expect(left == [])
        #expect(await launch.exit() == .exited(7))
        #expect(launch.text() == "up\nclean\n")
    }

    @Test("An attendant that would not leave does not use up the grace of the others")
    func attendants() async throws {
        let mark = "test/\(getpid())/attendants"
        let launch = try await self.start(
            "sh -c 'trap \"\" TERM; while :; do sleep 0.01; done' & "
                + "trap 'sleep 0.2; echo clean; exit 7' TERM; echo up; while :; do sleep 0.01; done", mark: mark)
        let attendants = ProcessTree.tree(of: ProcessTree.descendants(of: launch.pid), without: [])
        #expect(attendants.count >= 1)
        let left = await self.reactor.terminate(
            [.marked(variable: "MUSTER_TEST_MARK", value: mark)], attendants: attendants, grace: 20)
        #expect(left == [])
        #expect(await launch.exit() == .exited(7))
        #expect(launch.text() == "up\nclean\n")
    }

    @Test("A tree is its roots and what is below them, but for the branches that are named")
    func tree() async throws {
        let mark = "test/\(getpid())/tree"
        let launch = try await self.start(
            "sh -c 'sleep 600 & sleep 600' & sh -c 'sleep 600 & sleep 600' & sleep 0.5; echo up; wait", mark: mark)
        let root = launch.pid
        let all = ProcessTree.tree(of: [root], without: [])
        #expect(Set(all.map(\.pid)) == Set(ProcessTree.descendants(of: root) + [root]))
        let branch = try #require(ProcessTree.descendants(of: root).first { !ProcessTree.descendants(of: $0).isEmpty })
        let pruned = ProcessTree.tree(of: [root], without: [branch])
        #expect(all.subtracting(pruned) == ProcessTree.tree(of: [branch], without: []))
        _ = await self.reactor.terminate([.marked(variable: "MUSTER_TEST_MARK", value: mark)], grace: 0)
        _ = await launch.exit()
    }

    @Test("A mark means itself and what is below it, not what merely begins alike")
    func marks() async throws {
        let mark = "test/\(getpid())/mark"
        let launch = try await self.start("echo up; exec sleep 600", mark: mark)
        #expect(ProcessTree.marked(variable: "MUSTER_TEST_MARK", value: mark) == [launch.pid])
        #expect(ProcessTree.marked(variable: "MUSTER_TEST_MARK", value: "\(mark)/0") == [launch.pid])
        #expect(ProcessTree.marked(variable: "MUSTER_TEST_MARK", value: "test/\(getpid())/mar") == [])
        #expect(ProcessTree.marked(variable: "TEST_MARK", value: mark) == [])
        launch.process?.signal(SIGKILL)
        _ = await launch.exit()
    }

    @Test("Descendants are found through every generation, adopted daemons included")
    func descendants() async throws {
        let launch = try await self.start(
            "sh -c 'sleep 600 & echo $!; wait' & (setsid sh -c 'echo $$; echo up; exec sleep 600' &); wait",
            mark: "test/\(getpid())/descent")
        await launch.wait {
            String(decoding: $0.output[.standardOutput] ?? [], as: UTF8.self).split(separator: "\n").count == 3
        }
        let pids = launch.text().split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2)
        let found = ProcessTree.descendants(of: getpid())
        #expect(found.contains(launch.pid))
        for pid in pids { #expect(found.contains(pid)) }
        _ = await self.reactor.terminate(
            [.marked(variable: "MUSTER_TEST_MARK", value: "test/\(getpid())/descent")], grace: 0)
        for pid in pids { #expect(!isRunning(pid)) }
    }

    @Test("The rest of a group goes at the moment its leader ends, when the spec says so")
    func groupEnds() async throws {
        var spec = ProcessSpec(
            executable: "sh", arguments: ["-c", "(trap '' TERM; echo up; sleep 600) & sleep 0.1; echo $!"],
            environment: Launch.environment, newSession: true)
        spec.endsGroup = true
        let launch = try Launch(self.reactor, spec)
        #expect(await launch.exit() == .exited(0))
        await launch.outputEnd()
    }

    @Test("Nothing to end is finished at once")
    func nothing() async {
        #expect(await self.reactor.terminate([.marked(variable: "MUSTER_TEST_MARK", value: "nobody")], grace: 10) == [])
    }
}
