import Foundation
import MusterProcess
import MusterTestSupport
import Testing

/// What the failures of a cluster do to gangs, on one whose machines and server other tests do not need.
@Suite(.besideKubernetes, .serialized, .timeLimit(.minutes(30))) struct KubernetesLossTests {
    @Test("A machine that is lost ends the gang long before the cluster notices, and the attempt is tried again")
    func lostMachine() async throws {
        let tenant = try await KubernetesTenant()
        let cluster = tenant.cluster
        let running = try tenant.start(tenant.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(tenant.marks)
        let machine = try await tenant.machine(of: 2)
        let start = ContinuousClock.now
        try await cluster.node(machine, .lose)
        await running.wait(for: "train/2 is tried again")
        #expect(start.duration(to: .now) < .seconds(60), "Muster's own heartbeat notices it")
        try await cluster.node(machine, .start)
        tenant.go()
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(running.output.contains("node"), "\(running.output)")
        try await tenant.expectNothingLeft()
    }

    @Test("A server that is away for a while changes nothing: nothing is started again, nothing is thought dead")
    func lostServer() async throws {
        let tenant = try await KubernetesTenant()
        let running = try tenant.start(tenant.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(tenant.marks)
        try await tenant.cluster.server(isRunning: false)
        try await Task.sleep(for: .seconds(20))
        tenant.go()
        await running.wait(for: "train/2 succeeded")
        try await tenant.cluster.server(isRunning: true)
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(PlacedBodies.begun(tenant.marks) == ["0", "1", "2"], "no body ran twice")
        try await tenant.expectNothingLeft()
    }

    @Test("Two gangs, of which each wants more than half of the cluster, both come to their end")
    func twoGangs() async throws {
        // Each machine says that it has 16 processors: four nodes of this size have room, and six are asked for.
        let options = "default_cpu=6"
        let tenants = [try await KubernetesTenant(), try await KubernetesTenant()]
        let runs = try tenants.map {
            try $0.start($0.placed("ends", options) + ["--setting", "queue.placement-deadline=8"], on: "a")
        }
        for (tenant, run) in zip(tenants, runs) {
            #expect(await run.end() == .exited(0), "\(run.output)")
            #expect(PlacedBodies.begun(tenant.marks) == ["0", "1", "2"])
            try await tenant.expectNothingLeft()
        }
    }
}
