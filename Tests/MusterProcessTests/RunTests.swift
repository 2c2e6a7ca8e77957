import Glibc
import MusterModel
import MusterProcess
import Testing

@Suite struct RunTests {
    let reactor: ProcessReactor

    init() throws { self.reactor = try ProcessReactor() }

    private func spec(_ script: String) -> ProcessSpec {
        ProcessSpec(executable: "sh", arguments: ["-c", script], environment: Launch.environment)
    }

    @Test("A tool's status, output and errors come back together")
    func outcome() async throws {
        let outcome = try await self.reactor.run(self.spec("cat; echo bad >&2; exit 2"), input: Array("in".utf8))
        #expect(outcome.status == .exited(2))
        #expect(outcome.standardOutput == Array("in".utf8))
        #expect(outcome.standardError == Array("bad\n".utf8))
    }

    @Test("A tool that writes more than was asked for is ended, and its last errors are all that is kept of many")
    func endless() async throws {
        await #expect(throws: OutputTooLong.self) {
            try await self.reactor.run(self.spec("exec yes"), limit: 100_000)
        }
        let outcome = try await self.reactor.run(
            self.spec("yes 0123456789 | head -c 5000000 >&2; echo last >&2; head -c 100000 /dev/zero"), limit: 100_000)
        #expect(outcome.standardOutput.count == 100_000)
        #expect(outcome.standardError.count <= 2 << 20)
        #expect(outcome.standardError.suffix(5) == Array("last\n".utf8)[...])
    }

    @Test("A tool that cannot start is an error")
    func missing() async {
        await #expect(throws: SpawnError.self) {
            try await self.reactor.run(ProcessSpec(executable: "/no/such/tool", environment: [:]))
        }
    }

    @Test("A cancelled tool is ended with all of its group, one that ignores SIGTERM too")
    func cancellation() async throws {
        let reactor = self.reactor
        let spec = self.spec("trap '' TERM; sleep 600 & echo $$ $!; wait; sleep 600")
        let (pids, report) = AsyncStream<[Int32]>.makeStream()
        let run = Task {
            try await reactor.run(spec, grace: 0.2) { _, bytes in
                report.yield(
                    String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).compactMap {
                        Int32($0)
                    })
            }
        }
        let found = await pids.first { _ in true } ?? []
        #expect(found.count == 2)
        run.cancel()
        await #expect(throws: CancellationError.self) { try await run.value }
        for pid in found { #expect(!isRunning(pid)) }
    }
}
