import Dispatch
import Foundation
import Logging
import MusterBackends
import MusterMetadata
import MusterModel
import MusterStore
import Testing

@testable import MusterEngine

@Suite struct EngineLogTests {
    @Test("The engine's log tells the life of a run and of its attempts, with run, task and attempt")
    func life() async throws {
        let harness = try Harness(SampleFlow.manifest)
        let path = harness.layout.engineLog(flow: "Sample", run: "1")
        let log = ProgramLog(path: path, process: LogProcess.engine, queue: DispatchQueue(label: "test"))
        let backend = ScriptedBackend { gang in
            guard gang.step.name != "grid" else {
                return GangReport(
                    failure: TaskFailure(code: .exit, message: "rank 1 left", node: 0), nodes: [], started: 0,
                    finished: 0)
            }
            return (try? harness.result(gang, SampleFlow.transition(gang)))
                .map { .succeeded(Array(repeating: $0, count: gang.size)) }
        }
        try await harness.metadata.create(harness.record())
        let engine = harness.engine(backend, log: Logger(log, level: .info, [:]))
        #expect(try await engine.run() == .failed)
        log.flush()
        var reader = try LogReader(path: path)
        var lines: [String] = []
        while case .record(let record)? = try reader.next() {
            lines.append(String(decoding: record.bytes, as: UTF8.self))
        }
        #expect(lines.first == "info the engine moves the run run=Sample/1\n")
        #expect(lines.contains("info the attempt is started attempt=0 nodes=1 run=Sample/1 task=start/1\n"))
        #expect(lines.contains("info the attempt has succeeded attempt=0 run=Sample/1 task=start/1\n"))
        #expect(
            lines.contains {
                $0.hasPrefix(
                    "warning the attempt has failed attempt=0 code=process.exit failure=\"rank 1 left\" node=0")
            }, "\(lines)")
        #expect(
            lines.last?.hasPrefix("error the run has failed failure=\"rank 1 left\" run=Sample/1 task=grid/") == true)
    }
}
