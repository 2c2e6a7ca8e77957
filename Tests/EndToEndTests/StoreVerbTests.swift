import Foundation
import MusterObjects
import MusterProcess
import MusterS3
import MusterTestSupport
import Testing

/// `muster store copy`, `check` and `prune` on stores in folders and in buckets of radosgw.
@Suite(.beside(.radosgw), .timeLimit(.minutes(10))) struct StoreVerbTests {
    enum Place: String, CaseIterable { case folder, bucket }

    /// A sandbox whose stores are in places of either kind.
    private struct Site {
        let sandbox: Sandbox
        private let environment: [String: String]

        init() throws {
            self.sandbox = try Sandbox()
            let server = try #require(S3Server.current)
            self.environment = server.environment.merging([
                "MUSTER_BUCKET_FOLDER": "\(self.sandbox.folder)/copies", "MUSTER_BUCKET_LEASE_INTERVAL": "0.5",
                "MUSTER_BUCKET_LOG_INTERVAL": "0.2", "MUSTER_BUCKET_CANCEL_INTERVAL": "0.2",
            ]) { $1 }
        }

        /// The address of a new store.
        func store(_ place: Place) async throws -> String {
            let name = "store-\(UInt32.random(in: 0...UInt32.max))"
            guard place == .bucket else { return "\(self.sandbox.folder)/\(name)" }
            _ = try await self.objects("s3://\(name)/team", isNew: true)
            return "s3://\(name)/team"
        }

        func objects(_ store: String, isNew: Bool = false) async throws -> S3ObjectStore {
            let parts = store.dropFirst("s3://".count).split(separator: "/").map(String.init)
            let server = try #require(S3Server.current)
            return isNew
                ? try await S3ObjectStore.make(on: server, bucket: parts[0], prefix: parts[1])
                : try S3ObjectStore.make(server.environment, bucket: parts[0], prefix: parts[1])
        }

        func muster(_ arguments: [String], _ store: String = "") async throws -> Finished {
            try await self.sandbox.muster(
                arguments, environment: self.environment.merging(["MUSTER_STORE": store]) { $1 })
        }

        func start(_ arguments: [String], _ store: String = "") throws -> Running {
            try self.sandbox.start(arguments, environment: self.environment.merging(["MUSTER_STORE": store]) { $1 })
        }

        /// The standard output of a verb that succeeds.
        @discardableResult
        func text(_ arguments: [String], _ store: String = "") async throws -> String {
            let finished = try await self.muster(arguments, store)
            guard finished.status == .exited(0) else { throw Missing(description: "\(arguments): \(finished)") }
            return finished.output
        }
    }

    @Test(
        "The copy of a run shows what the run shows, and is resumed like it",
        arguments: Place.allCases, Place.allCases)
    func copies(from: Place, to: Place) async throws {
        let site = try Site()
        let (source, target) = (try await site.store(from), try await site.store(to))
        let flow = try site.sandbox.flow("ForeachFlow")
        try await site.text(["run", flow, "--count", "4", "--tag", "first"], source)
        try await site.text(["tag", "add", "ForeachFlow/latest", "good"], source)
        let copied = try await site.text(["store", "copy", source, target])
        #expect(copied.contains("copied") && copied.contains("artifacts"))
        #expect(try await site.text(["store", "copy", source, target]).contains("is there already"))
        for verb in [
            ["list"], ["status", "ForeachFlow", "--json"], ["logs", "ForeachFlow/latest"],
            ["logs", "--agent", "ForeachFlow/latest"], ["dump", "ForeachFlow/latest/join", "--json"],
            ["tag", "list", "ForeachFlow/latest"],
        ] { #expect(try await site.text(verb, target) == site.text(verb, source), "\(verb)") }
        #expect(try await site.text(["store", "check"], target).contains("nothing is wrong"))
        let resumed = try await site.muster(["resume", flow, "end"], target)
        #expect(resumed.status == .exited(0) && resumed.output.contains("foreach: 4"), "\(resumed)")
        // What was resumed there is a run of its own, which goes back.
        try await site.text(["store", "copy", target, source, "--run", "ForeachFlow/latest"])
        #expect(try await site.text(["list"], source).split(separator: "\n").count == 3)
        #expect(try await site.text(["store", "check"], source).contains("nothing is wrong"))
    }

    @Test("A run whose engine was killed is copied, and goes on in the copy as itself", arguments: Place.allCases)
    func interrupted(to: Place) async throws {
        let site = try Site()
        let (source, target) = (try await site.store(.folder), try await site.store(to))
        let flow = try site.sandbox.flow("WaitingFlow")
        let file = "\(site.sandbox.folder)/go"
        let running = try site.start(["run", flow, "--file", file], source)
        await running.wait(for: "before")
        let refused = try await site.muster(["store", "copy", source, target, "--run", "WaitingFlow/latest"])
        #expect(refused.status == .exited(2) && refused.errors.contains("is being moved by"), "\(refused)")
        let skipped = try await site.muster(["store", "copy", source, target])
        #expect(skipped.status == .exited(1) && skipped.errors.contains("is being moved by"), "\(skipped)")
        running.process?.signal(SIGKILL)
        _ = await running.end()
        try await site.text(["store", "copy", source, target])
        #expect(try await site.text(["list"], target).contains("interrupted"))
        try Data().write(to: URL(filePath: file))
        try await site.text(["resume", flow], target)
        let list = try await site.text(["list"], target)
        #expect(list.contains("succeeded") && list.split(separator: "\n").count == 2, "\(list)")
        // The other one has other events by now.
        let conflict = try await site.muster(["store", "copy", source, target, "--run", "WaitingFlow/latest"])
        #expect(conflict.status == .exited(2) && conflict.errors.contains("other events"), "\(conflict)")
    }

    @Test(
        "A copy that is killed at any moment shows whole runs alone, and the next one goes on",
        arguments: Place.allCases)
    func killedCopy(to: Place) async throws {
        let site = try Site()
        let (source, target) = (try await site.store(.folder), try await site.store(to))
        for _ in 0..<3 { try await site.text(["run", try site.sandbox.flow("ForeachFlow"), "--count", "40"], source) }
        for milliseconds in [30, 60, 100, 150, 220, 300] {
            let running = try site.start(["store", "copy", source, target])
            try await Task.sleep(for: .milliseconds(milliseconds))
            running.process?.signal(SIGKILL)
            _ = await running.end()
            let check = try await site.muster(["store", "check"], target)
            // Killed before it made the store's folder, or between runs.
            let isRight = check.status == .exited(0) || check.status == .exited(3)
            let lines = check.output.split(separator: "\n").dropLast()
            #expect(isRight || lines.allSatisfy { $0.contains("no record") || $0.contains("were left by") }, "\(check)")
        }
        try await site.text(["store", "copy", source, target])
        #expect(try await site.text(["list"], target) == site.text(["list"], source))
        let check = try await site.muster(["store", "check", "--repair"], target)
        #expect(try await site.text(["store", "check"], target).contains("nothing is wrong"), "\(check)")
    }

    @Test(
        "Prunes in a loop take nothing from flows that run, resume and use again what is there",
        arguments: Place.allCases)
    func besideRuns(place: Place) async throws {
        let site = try Site()
        let store = try await site.store(place)
        let flow = try site.sandbox.flow("ForeachFlow")
        try await site.text(["run", flow, "--count", "5"], store)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for count in [5, 6, 5] {
                    try await site.text(["run", flow, "--count", "\(count)"], store)
                    let resumed = try await site.muster(["resume", flow, "join"], store)
                    // Its origin was over, and may have been removed before the new run was there.
                    #expect(
                        resumed.status == .exited(0) || resumed.errors.contains("was removed from the store")
                            || resumed.errors.contains("no run"), "\(resumed)")
                }
            }
            group.addTask {
                while !Task.isCancelled {
                    let prune = try await site.muster(["store", "prune", "--older-than", "2s"], store)
                    #expect(prune.status == .exited(0), "\(prune)")
                }
            }
            try await group.next()
            group.cancelAll()
        }
        #expect(try await site.text(["store", "check"], store).contains("nothing is wrong"))
    }

    @Test("A prune that is killed at any moment is gone on with by the next one", arguments: Place.allCases)
    func killedPrune(place: Place) async throws {
        let site = try Site()
        let store = try await site.store(place)
        let flow = try site.sandbox.flow("ForeachFlow")
        for count in 20..<23 { try await site.text(["run", flow, "--count", "\(count)"], store) }
        try await site.text(["tag", "add", "ForeachFlow/latest", "keep"], store)
        // A bucket tells ages in whole seconds.
        try await Task.sleep(for: .seconds(1.2))
        let prune = ["store", "prune", "--older-than", "0s", "--safety", "0s", "--keep-tagged", "keep"]
        let dry = try await site.text(prune + ["--dry-run"], store)
        #expect(dry.contains("2 runs") && dry.contains("would be removed"))
        for milliseconds in [40, 80, 120] {
            let running = try site.start(prune, store)
            try await Task.sleep(for: .milliseconds(milliseconds))
            running.process?.signal(SIGKILL)
            _ = await running.end()
        }
        try await site.text(prune, store)
        #expect(try await site.text(["list"], store).split(separator: "\n").count == 2)
        #expect(try await site.text(["store", "check"], store).contains("nothing is wrong"))
        #expect(try await site.text(["dump", "ForeachFlow/latest/join"], store).contains("elements"))
        #expect(try await site.text(prune, store).contains("0 runs, 0 artifacts"))
    }

    @Test("A byte that was flipped in a bucket is found; repaired, and resumed from the step that is named")
    func repaired() async throws {
        let site = try Site()
        let store = try await site.store(.bucket)
        let flow = try site.sandbox.flow("ForeachFlow")
        try await site.text(["run", flow, "--count", "3"], store)
        let objects = try await site.objects(store)
        let key = try #require(try await objects.objects(prefix: "artifacts/").last { $0.size > 0 }).key
        var bytes = try await objects.get(key)
        bytes[bytes.startIndex] ^= 1
        try await objects.put(bytes, at: key)
        let check = try await site.muster(["store", "check", "--repair"], store)
        #expect(
            check.status == .exited(4) && check.output.contains(key) && check.output.contains("removed"), "\(check)")
        let step = try #require(try /resume FLOW (\w+)/.firstMatch(in: check.output)?.output.1)
        // The copy of this machine still has it.
        try FileManager.default.removeItem(atPath: "\(site.sandbox.folder)/copies")
        try await site.text(["resume", flow, String(step)], store)
        let after = try await site.muster(["store", "check"], store)
        #expect(after.status == .exited(0), "\(after.output) after \(check.output)")
    }

    @Test(
        "Faults in the arguments are told with what is right",
        arguments: [
            (["store", "prune"], "--older-than"), (["store", "prune", "--older-than", "30"], "30d, 12h, 90m"),
            (["store", "copy", "x"], "<to>"),
            (["store", "copy", "x", "y", "--run", "F/1", "--flow", "F"], "leave --flow out"),
        ])
    func arguments(words: [String], text: String) async throws {
        let finished = try await Site().muster(words)
        #expect(finished.status == .exited(2) && finished.errors.contains(text), "\(finished)")
    }
}
