import Foundation
import MusterModel
import MusterProcess
import Testing

@testable import MusterAgent

/// The parent of an agent.
@Suite(.timeLimit(.minutes(5))) struct KeeperTests {
    @Test(
        "What an agent that is killed leaves is gone before its keeper ends, which ends as the agent did",
        arguments: [SIGKILL, SIGUSR1])
    func killed(signal: CInt) async throws {
        let harness = try AgentHarness(1, "daemon(ignore=True)\nprint('up', flush=True)\ntime.sleep(600)")
        try harness.start()
        try await harness.started(0)
        while !harness.text(0).contains("up") { try await Task.sleep(for: .milliseconds(20)) }
        let agent = try #require(harness.agent(0))
        let below = ProcessTree.descendants(of: agent)
        try #require(below.count >= 2)
        kill(agent, signal)
        #expect(try await harness.exit(0) == .signaled(signal))
        #expect(below.compactMap { ProcessTree.identity(of: $0) }.isEmpty)
    }

    @Test("A signal to the keeper reaches its agent", arguments: [SIGTERM, SIGINT, SIGHUP])
    func passedOn(signal: CInt) async throws {
        let harness = try AgentHarness(1, "time.sleep(600)")
        try harness.start()
        try await harness.started(0)
        harness.signal(0, signal)
        #expect(try await harness.report().failure?.message.contains(SignalName.describe(signal)) == true)
        #expect(try await harness.exit(0) == .exited(0))
        harness.expectNothingLeft()
    }

    @Test("An agent that stays stopped is killed after a second and told apart; one that goes on is left alone")
    func stopped() async throws {
        let harness = try AgentHarness(1, "daemon()\nprint('up', flush=True)\ntime.sleep(600)")
        try harness.start()
        try await harness.started(0)
        let agent = try #require(harness.agent(0))
        // More than a second in all, but each stop is short enough for a machine that is busy with other tests.
        for _ in 0..<60 {
            kill(agent, SIGSTOP)
            try await Task.sleep(for: .milliseconds(20))
            kill(agent, SIGCONT)
        }
        #expect(ProcessTree.identity(of: agent) != nil)
        kill(agent, SIGSTOP)
        #expect(try await harness.exit(0) == .exited(AgentKeeper.stoppedCode))
        #expect(harness.processes(0).isEmpty)
    }
}
