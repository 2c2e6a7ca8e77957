import Foundation
import MusterModel
import MusterProcess
import MusterWire
import Testing

@testable import MusterBackends

/// The local backend around programs that stand in for agents and die as agents do not choose to.
@Suite struct LocalBackendTests {
    private let folder: String

    init() throws {
        self.folder = "/tmp/mb-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: self.folder, withIntermediateDirectories: true)
    }

    /// A backend whose agent is this shell script: `$spec` is its specification, `$scratch` the node's folder.
    private func backend(agent script: String) throws -> LocalBackend {
        let agent = "\(self.folder)/agent"
        let head = """
            #!/bin/sh
            read -r spec
            scratch=$(printf '%s' "$spec" | sed 's/.*"scratch":"\\([^"]*\\)".*/\\1/')

            """
        try Data((head + script).utf8).write(to: URL(filePath: agent))
        chmod(agent, 0o755)
        var settings = Settings()
        settings.gang.grace = 1
        return LocalBackend(
            reactor: try ProcessReactor(), agent: agent, store: self.folder,
            capacity: MachineCapacity(cpus: 2, memory: 1 << 30, gpus: 0), environment: ["PATH": "/usr/bin:/bin"],
            settings: settings)
    }

    private func gang(_ size: Int) -> GangSpec {
        let attempt = AttemptID(
            flow: "Flow", run: "\(UInt32.random(in: 0...UInt32.max))", step: "work", task: 1, attempt: 0)
        return GangSpec(
            attempt: attempt, size: size, step: StepManifest(name: "work"), originRun: nil, user: "me", parameters: [:],
            inputs: [], foreach: [], python: nil, program: ["/flow"], serves: false, store: self.folder,
            package: "/package", inPlace: InPlace(workFolder: self.folder, flowFolder: self.folder),
            environment: [:], allotments: Array(repeating: NodeAllotment(cpus: 1, gpus: []), count: size))
    }

    private func report(_ backend: LocalBackend, _ gang: GangSpec) async throws -> GangReport {
        let (observations, observer) = AsyncStream.makeStream(of: GangObservation.self)
        backend.observe { observer.yield($0) }
        try await backend.submit(backend.request(for: gang))
        for await observation in observations {
            if case .finished(let report) = observation.event { return report }
        }
        throw CancellationError()
    }

    @Test(
        "What a killed agent leaves running is ended before its folder goes, and cannot make it again",
        arguments: [1, 2])
    func killedAgent(size: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        let backend = try self.backend(
            agent: """
                setsid sh -c 'while :; do mkdir -p "$0/left"; done' "$scratch" >/dev/null 2>&1 &
                while [ ! -d "$scratch/left" ]; do :; done
                kill -9 $$
                """)
        let gang = self.gang(size)
        let failure = try await self.report(backend, gang).failure
        #expect(failure?.code == .lost && failure?.signal == 9, "\(String(describing: failure))")
        #expect(ProcessTree.marked(variable: NodeEnvironment.scope, value: gang.attempt.folder).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/scratch") == [])
        await backend.rest()
    }

    @Test("An agent that is killed while it waits for work takes its folder along")
    func killedWhileIdle() async throws {
        defer { try? FileManager.default.removeItem(atPath: self.folder) }
        let report = GangReport.succeededAlone
        let finished = String(decoding: try LineCoding.encode(AgentStatus.finished(report: report)), as: UTF8.self)
        let ready = String(decoding: try LineCoding.encode(AgentStatus.ready), as: UTF8.self)
        let backend = try self.backend(
            agent: """
                mkdir -p "$scratch/work"
                printf '%s' '\(finished)\(ready)'
                read -r next
                kill -9 $$
                """)
        #expect(try await self.report(backend, self.gang(1)) == report)
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/scratch").count == 1)
        // The end of its input is what it waits for.
        await backend.rest()
        #expect(try FileManager.default.contentsOfDirectory(atPath: "\(self.folder)/scratch") == [])
    }
}

extension GangReport {
    fileprivate static var succeededAlone: GangReport {
        let result = NodeResult(transition: .end, artifacts: [:])
        return GangReport(
            failure: nil, nodes: [NodeReport(index: 0, status: .succeeded, result: result)], started: 0, finished: 1)
    }
}
