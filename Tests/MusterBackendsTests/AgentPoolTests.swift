import MusterModel
import MusterWire
import Testing

@testable import MusterBackends

@Suite struct AgentPoolTests {
    private func request(_ task: Int) -> LocalRequest {
        let attempt = AttemptID(flow: "Flow", run: "1", step: "work", task: task, attempt: 0)
        return LocalRequest(attempt: attempt, agent: "/agent", nodes: [], scratch: "/scratch/\(task)")
    }

    /// `start 1`, `serve 2 on 1`, `wait`: requests by their task, agents by the task they were started for.
    private func text(_ placements: [AgentPool.Placement]) -> [String] {
        placements.map { placement in
            switch placement {
            case .start(_, let request): "start \(request.attempt.task)"
            case .serve(let agent, let request): "serve \(request.attempt.task) on \(agent.scratch.split(separator: "/")[1])"
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
        let first = pool.place(self.request(1))
        #expect(self.text(first) == ["start 1"])
        #expect(self.text(pool.place(self.request(2))) == ["start 2"])
        #expect(self.text(pool.place(self.request(3))) == ["wait"])
        #expect(self.text(pool.place(self.request(4))) == [])
        #expect(self.text(pool.ready(try self.agent(first.first))) == ["serve 3 on 1"])
    }

    @Test("While agents become free nobody new is started")
    func flow() throws {
        var pool = AgentPool(startsAtOnce: 1)
        let agent = try self.agent(pool.place(self.request(1)).first)
        for task in 2...30 { _ = pool.place(self.request(task)) }
        #expect(self.text(pool.ready(agent)) == ["serve 2 on 1"])
        #expect(self.text(pool.look()) == ["wait"])
        #expect(self.text(pool.look()) == ["start 3", "wait"], "nobody became free in between")
        // The one agent goes on becoming free, and the request that comes first then is served at once.
        #expect(self.text(pool.ready(agent)) == ["serve 4 on 1"])
        #expect(self.text(pool.look()) == ["wait"])
    }

    @Test("Agents that wait can be dismissed, and the pool tells when the last one has gone")
    func rest() throws {
        var pool = AgentPool(startsAtOnce: 2)
        let agent = try self.agent(pool.place(self.request(1)).first)
        #expect(self.text(pool.ready(agent)) == [])
        #expect(pool.dismissIdle() == [agent])
        #expect(self.text(pool.place(self.request(2))) == ["start 2"], "a dismissed agent gets nothing more")
        #expect(!pool.whenEmpty {})
        _ = pool.gone(agent)
        #expect(!pool.whenEmpty {})
    }

    @Test("An agent that has gone makes place for another one")
    func gone() throws {
        var pool = AgentPool(startsAtOnce: 1)
        let agent = try self.agent(pool.place(self.request(1)).first)
        #expect(self.text(pool.place(self.request(2))) == ["wait"])
        #expect(self.text(pool.gone(agent)) == ["start 2"])
    }
}
