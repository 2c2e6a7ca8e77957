import MusterModel
import MusterWire
import Testing

@testable import MusterBackends

@Suite struct AgentPoolTests {
    private func request(_ task: Int) -> LocalRequest {
        let attempt = AttemptID(flow: "Flow", run: "1", step: "work", task: task, attempt: 0)
        return LocalRequest(
            attempt: attempt, agent: "/agent", nodes: [],
            scratch: ScratchFolder(near: "/scratch/\(task)", short: "/short/\(task)"))
    }

    /// `start 1`, `serve 2 on 1`, `wait`: requests by their task, agents by the task they were started for.
    private func text(_ placements: [AgentPool.Placement]) -> [String] {
        placements.map { placement in
            switch placement {
            case .start(_, let request): "start \(request.attempt.task)"
            case .serve(let agent, let request):
                "serve \(request.attempt.task) on \(agent.scratch.near.split(separator: "/")[1])"
            case .wait: "wait"
            }
        }
    }

    private func agent(_ placement: AgentPool.Placement?) throws -> LocalAgent {
        guard case .start(let agent, _)? = placement else { throw CancellationError() }
        return agent
    }

    @Test("As many agents as processors start at once; what comes then waits for one of them")
    func processors() throws {
        var pool = AgentPool(startsAtOnce: 2)
        let first = pool.place(self.request(1), now: 0)
        #expect(self.text(first) == ["start 1"])
        #expect(self.text(pool.place(self.request(2), now: 0)) == ["start 2"])
        #expect(self.text(pool.place(self.request(3), now: 0)) == ["wait"])
        #expect(self.text(pool.place(self.request(4), now: 0)) == [])
        #expect(self.text(pool.ready(try self.agent(first.first), now: 0.01)) == ["serve 3 on 1"])
    }

    @Test("While agents become free nobody new is started")
    func flow() throws {
        var pool = AgentPool(startsAtOnce: 1)
        let agent = try self.agent(pool.place(self.request(1), now: 0).first)
        for task in 2...30 { _ = pool.place(self.request(task), now: 0) }
        _ = pool.started(agent, now: 0)
        #expect(self.text(pool.ready(agent, now: 0.01)) == ["serve 2 on 1"])
        #expect(self.text(pool.look(now: 0.02)) == ["wait"])
        #expect(self.text(pool.look(now: 0.04)) == ["start 3", "wait"], "nobody became free in between")
        // The one agent goes on becoming free, and the request that comes first then is served at once.
        #expect(self.text(pool.ready(agent, now: 0.05)) == ["serve 4 on 1"])
        #expect(self.text(pool.look(now: 0.06)) == ["wait"])
    }

    @Test("No more agents load at once than there are processors, however long that takes")
    func loading() throws {
        var pool = AgentPool(startsAtOnce: 2)
        let first = try self.agent(pool.place(self.request(1), now: 0).first)
        let second = try self.agent(pool.place(self.request(2), now: 0).first)
        for task in 3...5 { _ = pool.place(self.request(task), now: 0) }
        for look in 1...100 { #expect(self.text(pool.look(now: Double(look) / 100)) == ["wait"]) }
        #expect(self.text(pool.started(first, now: 1)) == [], "its body has just begun, and may be short")
        #expect(self.text(pool.look(now: 1.1)) == ["wait"])
        #expect(self.text(pool.gone(second, now: 1.2)) == ["start 3"], "one that has gone is replaced at once")
    }

    @Test("Long tasks get agents of their own, each as soon as it can load")
    func longTasks() throws {
        var pool = AgentPool(startsAtOnce: 2)
        var loading: [LocalAgent] = []
        var started = 0
        for task in 1...16 {
            for case .start(let agent, _) in pool.place(self.request(task), now: 0) { loading.append(agent) }
        }
        var now = 0.0
        // A load takes 0.3 s, and no task ever ends.
        while started < 16, now < 60 {
            now += 0.3
            var next: [LocalAgent] = []
            for agent in loading {
                started += 1
                for case .start(let agent, _) in pool.started(agent, now: now) { next.append(agent) }
            }
            for case .start(let agent, _) in pool.look(now: now) { next.append(agent) }
            #expect(next.count <= 2)
            loading = next
        }
        #expect(started == 16)
        #expect(now < 3.5, "eight loads one after the other, and the wait that the first short tasks are given")
    }

    @Test("Another load has to be worth it: a queue that moves is left to who is there for three loads")
    func cost() throws {
        var pool = AgentPool(startsAtOnce: 2)
        let agent = try self.agent(pool.place(self.request(1), now: 0).first)
        _ = pool.started(agent, now: 0.8)
        #expect(self.text(pool.ready(agent, now: 0.9)) == [])
        #expect(self.text(pool.place(self.request(2), now: 1)) == ["serve 2 on 1"])
        for task in 3...8 { _ = pool.place(self.request(task), now: 1) }
        for task in 3...6 {
            let now = 1 + 0.5 * Double(task - 2)
            #expect(self.text(pool.look(now: now - 0.1)) == ["wait"])
            #expect(self.text(pool.ready(agent, now: now)) == ["serve \(task) on 1"])
        }
        #expect(self.text(pool.look(now: 3.3)) == ["wait"])
        #expect(self.text(pool.look(now: 3.45)) == ["start 7", "wait"], "requests have been waiting for three loads")
    }

    @Test("Agents that wait can be dismissed, and the pool tells when the last one has gone")
    func rest() throws {
        var pool = AgentPool(startsAtOnce: 2)
        let agent = try self.agent(pool.place(self.request(1), now: 0).first)
        #expect(self.text(pool.ready(agent, now: 0)) == [])
        #expect(pool.dismissIdle() == [agent])
        #expect(self.text(pool.place(self.request(2), now: 0)) == ["start 2"], "a dismissed agent gets nothing more")
        #expect(!pool.whenEmpty {})
        _ = pool.gone(agent, now: 0)
        #expect(!pool.whenEmpty {})
    }

    @Test("An agent that has gone makes place for another one")
    func gone() throws {
        var pool = AgentPool(startsAtOnce: 1)
        let agent = try self.agent(pool.place(self.request(1), now: 0).first)
        #expect(self.text(pool.place(self.request(2), now: 0)) == ["wait"])
        #expect(self.text(pool.gone(agent, now: 0)) == ["start 2"])
    }
}
