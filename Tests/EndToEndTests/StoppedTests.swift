import Foundation
import MusterModel
import MusterProcess
import Testing

/// Processes that a signal stops and that nobody continues, with real gangs.
@Suite(.serialized, .timeLimit(.minutes(10))) struct StoppedTests {
    static let flow = "FailingGangFlow"

    @Test(
        "A node whose agent, or its keeper, is stopped is the cause, be it the control node or a worker",
        arguments: [0, 2],
        ["muster-agent", "muster-keeper"])
    func agent(node: Int, part: String) async throws {
        let sandbox = try Sandbox()
        let running = try await self.startBusyGang(sandbox)
        let keeper = try #require(self.agent(of: node, running))
        let agent = try #require(ProcessTree.descendants(of: keeper).first)
        let victim = try #require(
            [keeper, agent].first { ProcessTree.identity(of: $0).flatMap(ProcessTree.name(of:)) == part })
        kill(victim, SIGSTOP)
        try await self.expectStopped(node, "agent", running, sandbox)
    }

    @Test("A node whose agent is stopped on its way to the others is the cause", arguments: [0, 3])
    func joiningAgent(node: Int) async throws {
        let sandbox = try Sandbox()
        let running = try sandbox.start(["run", try sandbox.flow(Self.flow), "--way", "none", "--node", "-1"])
        var agent: Int32?
        for _ in 0..<20_000 where agent == nil {
            agent = self.agent(of: node, running)
            try await Task.sleep(for: .milliseconds(1))
        }
        kill(try #require(agent), SIGSTOP)
        try await self.expectStopped(node, "agent", running, sandbox)
    }

    @Test("A step process that is stopped fails its node")
    func step() async throws {
        let sandbox = try Sandbox()
        let running = try await self.startBusyGang(sandbox)
        let step = try #require(
            sandbox.leftovers(of: Self.flow).first {
                Self.command($0).contains("FailingGangFlow\0step") && self.isOf(node: 1, $0)
            })
        kill(step, SIGSTOP)
        try await self.expectStopped(1, nil, running, sandbox)
    }

    @Test("Who is stopped and soon goes on is not lost, and an engine that is stopped ends nothing")
    func continued() async throws {
        let sandbox = try Sandbox()
        let running = try await self.startBusyGang(sandbox, "--busy", "8")
        let agent = try #require(self.agent(of: 1, running))
        kill(agent, SIGSTOP)
        try await Task.sleep(for: .milliseconds(100))
        kill(agent, SIGCONT)
        running.process?.signal(SIGSTOP)
        // With its engine an agent may be stopped for as long as it takes: what is due meanwhile is not held against it.
        kill(agent, SIGSTOP)
        try await Task.sleep(for: .seconds(3))
        kill(agent, SIGCONT)
        running.process?.signal(SIGCONT)
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
    }

    // MARK: Helpers

    /// A gang of four, each with a child and a daemon.
    private func startBusyGang(_ sandbox: Sandbox, _ arguments: String...) async throws -> Running {
        let running = try sandbox.start(
            ["run", try sandbox.flow(Self.flow), "--way", "none", "--node", "-1"] + arguments)
        for _ in 0..<600 {
            if sandbox.leftovers(of: Self.flow).count(where: { Self.command($0).hasPrefix("sleep") }) >= 8 {
                return running
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Missing(description: "the gang did not come up")
    }

    /// The keeper of the gang's agent, or what will be it: start's and join's agents are of another step.
    private func agent(of node: Int, _ running: Running) -> Int32? {
        guard let engine = running.process?.pid else { return nil }
        // What an agent starts looks like it until it has become its program.
        let agents = ProcessTree.descendants(of: engine).filter { pid in
            self.isOf(node: node, pid) && Self.command(pid).hasSuffix("muster-agent\0--own-shared-memory\0")
        }
        return agents.first { agent in !agents.contains { ProcessTree.descendants(of: $0).contains(agent) } }
    }

    private func isOf(node: Int, _ pid: Int32) -> Bool {
        let scope =
            ProcessTree.environment(of: pid)?[NodeEnvironment.scope]?.split(separator: "/").map(String.init) ?? []
        return scope.count > 5 && scope[2] == "work" && scope[5] == "\(node)"
    }

    private func expectStopped(_ node: Int, _ process: String?, _ running: Running, _ sandbox: Sandbox) async throws {
        let begin = ContinuousClock.now
        #expect(await running.end() == .exited(1), "\(running.output)")
        #expect(begin.duration(to: .now) < .seconds(20), "the others would have gone on for a minute")
        let (_, machine) = try await sandbox.newest(Self.flow)
        let failure = try #require(machine.tasks.first { $0.status == .failed }?.failure)
        #expect(failure.code == .lost && failure.node == node, "\(failure)")
        #expect(failure.message.contains("was stopped by a signal"), "\(failure)")
        if let process { #expect(failure.process == process, "\(failure)") }
        #expect(sandbox.leftovers(of: Self.flow).isEmpty)
        #expect(sandbox.scratch.isEmpty)
    }

    private static func command(_ pid: Int32) -> String {
        String(decoding: FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data(), as: UTF8.self)
    }
}
