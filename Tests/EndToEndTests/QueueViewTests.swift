import Foundation
import MusterModel
import MusterProcess
import Testing

/// Other processes' view of a gang at a place with a queue: `status` and `logs`.
@Suite(.serialized, .timeLimit(.minutes(10))) struct QueueViewTests {
    private static let flow = "PlacedFlow"

    private func environment(of sandbox: Sandbox) -> [String: String] {
        let root = PythonFlowTests.root
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        return [
            "PATH": "\(root)/Tests/BackendFixtures:\(root)/Examples/Backends:\(path)",
            "MUSTER_PROCESSES": "\(sandbox.folder)/jobs", "MUSTER_QUEUE_OPEN": "\(sandbox.folder)/open",
        ]
    }

    private func placed(_ sandbox: Sandbox, at place: String) throws -> [String] {
        let marks = "\(sandbox.folder)/marks"
        try FileManager.default.createDirectory(atPath: marks, withIntermediateDirectories: true)
        return ["run", PythonFlowTests.flow("placed"), "--with", place, "--mode", "waits", "--marks", marks]
    }

    private func make(_ file: String) { _ = FileManager.default.createFile(atPath: file, contents: nil) }

    /// The output of `status` once it holds `text`.
    private func status(_ sandbox: Sandbox, until text: String) async throws -> String {
        var output = ""
        for _ in 0..<300 where !output.contains(text) {
            output = try await sandbox.muster(["status", Self.flow]).output
            if !output.contains(text) { try await Task.sleep(for: .milliseconds(100)) }
        }
        #expect(output.contains(text), "\(output)")
        return output
    }

    @Test("A waiting job is shown with its place, its id and its reason, and a running one with its nodes")
    func waiting() async throws {
        let sandbox = try Sandbox()
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(self.placed(sandbox, at: "queueing"), environment: environment)
        let waiting = try await self.status(sandbox, until: "waits: Priority; other jobs go first")
        #expect(waiting.contains("start/1 is at queueing as job mu-"), "\(waiting)")
        let logs = try await sandbox.muster(["logs", "\(Self.flow)/latest/start"])
        #expect(logs.status == .exited(0) && logs.errors.contains("waits: Priority"), "\(logs)")

        self.make("\(sandbox.folder)/open")
        let host = ProcessInfo.processInfo.hostName.split(separator: ".").first.map(String.init) ?? ""
        let gang = try await self.status(sandbox, until: "train/2[2]")
        #expect(!gang.contains("waits"), "\(gang)")
        let line = try await self.status(sandbox, until: "node 2 of 3 on \(host)")
            .split(separator: "\n").first { $0.hasPrefix("train/2[2]") }
        #expect(line?.contains(host) == true && line?.contains("running") == true, "\(line ?? "")")

        let json = try await sandbox.muster(["status", Self.flow, "--json"])
        let page = try JSONDecoder().decode(Page.self, from: Data(json.output.utf8))
        let train = try #require(page.tasks.first { $0.step == "train" }?.gang)
        #expect(train.place == "queueing" && train.job?.hasPrefix("mu-") == true && train.waits == nil)
        #expect(train.nodes.map(\.state) == ["running", "running", "running"])

        // An engine that was killed takes nothing of this away.
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let interrupted = try await self.status(sandbox, until: "interrupted")
        #expect(interrupted.contains("as job mu-") && interrupted.contains("train/2[2]"), "\(interrupted)")
        let cancel = try await sandbox.muster(["cancel", Self.flow], environment: environment)
        #expect(cancel.status == .exited(0), "\(cancel)")
    }

    @Test("The log of one node is followed while the job runs, and is whole when the job is gone")
    func following() async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/go"
        let environment = self.environment(of: sandbox)
        let running = try sandbox.start(
            ["run", try sandbox.flow("WaitingFlow"), "--on", "processes", "--file", file], environment: environment)
        await running.wait(for: "before")
        let following = try sandbox.start(["logs", "WaitingFlow/latest/start", "--node", "0", "--follow"])
        await following.wait(for: "before")
        self.make(file)
        let written = ContinuousClock.now
        await following.wait(for: "after")
        // It usually takes less than a second; the program looks every 20 ms for the file.
        #expect(written.duration(to: .now) < .seconds(10))
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(await following.end() == .exited(0))
        try FileManager.default.removeItem(atPath: "\(sandbox.folder)/jobs")
        let log = try await sandbox.muster(["logs", "WaitingFlow/latest/start"])
        #expect(log.output == "before\nafter", "\(log)")
        let status = try await sandbox.muster(["status", "WaitingFlow", "--json"])
        let page = try JSONDecoder().decode(Page.self, from: Data(status.output.utf8))
        #expect(page.tasks.first?.gang?.nodes.map(\.state) == ["succeeded"], "\(status)")
        #expect(page.tasks.first?.gang?.nodes.first?.host != nil, "\(status)")
        #expect(page.tasks.first?.gang?.nodes.first?.lastLine == "after", "\(status)")
    }

    @Test("A gang on this machine is shown with its nodes and their last lines too")
    func local() async throws {
        let sandbox = try Sandbox()
        let marks = "\(sandbox.folder)/marks"
        var arguments = try self.placed(sandbox, at: "local")
        arguments.removeAll { $0 == "--with" || $0 == "local" }
        let running = try sandbox.start(arguments)
        let status = try await self.status(sandbox, until: "node 1 of 3 on")
        let line = status.split(separator: "\n").first { $0.hasPrefix("train/2[1]") }
        #expect(line?.contains("running") == true && !status.contains("as job"), "\(status)")
        self.make("\(marks)/go")
        #expect(await running.end() == .exited(0), "\(running.output)")
    }

    private struct Page: Decodable {
        struct Task: Decodable {
            var step: String
            var gang: Gang?
        }
        struct Gang: Decodable {
            struct Node: Decodable {
                var state: String
                var host: String?
                var lastLine: String?
            }
            var place: String?
            var job: String?
            var waits: String?
            var nodes: [Node]
        }
        var tasks: [Task]
    }
}
