import Foundation
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import MusterUpkeep
import Testing

@Suite struct StorePruneTests {
    private static let day = 86_400.0
    /// What no run names goes at once: no flow uses the stores of these tests.
    private static func rule(
        flow: String? = nil, tags: Set<String> = [], safety: Double = 0
    ) -> PruneRule {
        PruneRule(olderThan: 30 * day, flow: flow, keptTags: tags, safety: SafetyTime(seconds: safety))
    }

    @Test(
        "Old runs go with their files and with what no other run names; a dry run says the same and changes nothing",
        arguments: Place.allCases)
    func prunes(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, in: folder)
        try await store.run("2", value: "b", age: 35 * Self.day, in: folder)
        try await store.run("3", value: "b", age: 20 * Self.day, in: folder)
        try await Task.sleep(for: .milliseconds(20))
        let before = store.contents
        let dry = try await StorePrune(store.kept, Self.rule(), isDry: true).perform()
        #expect(store.contents == before)
        let report = try await StorePrune(store.kept, Self.rule()).perform()
        #expect(report == dry)
        #expect(report.runs == [TestStore.key("2"), TestStore.key("1")])
        // All of "a" but what all runs share.
        #expect(report.artifacts.number == 8 && report.packages.number == 1 && report.young.number == 0)
        #expect(report.problems.isEmpty)
        #expect(try await store.runs() == ["3"])
        #expect(try await store.faults() == [])
        #expect(store.contents.keys.allSatisfy { !$0.contains("F/1/") && !$0.contains("F/2/") })
        let other = try TestStore(place, folder, "store", machine: "other")
        #expect(try await other.faults() == [])
        let again = try await StorePrune(store.kept, Self.rule()).perform()
        #expect(again == PruneReport())
    }

    @Test("Runs of other flows, with a kept tag, and of living engines stay", arguments: Place.allCases)
    func keeps(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, tags: ["good"], in: folder)
        try await store.run("2", value: "b", age: 40 * Self.day, verdict: nil, in: folder)
        try await store.run("3", value: "c", age: 40 * Self.day, verdict: nil, in: folder)
        let lock = try RunLock(path: store.layout.runLock(flow: "F", run: "2"), timeout: 1)
        defer { withExtendedLifetime(lock) {} }
        #expect(try await StorePrune(store.kept, Self.rule(flow: "G")).perform().runs == [])
        let report = try await StorePrune(store.kept, Self.rule(tags: ["good", "x"])).perform()
        // The engine of the third is dead.
        #expect(report.runs == [TestStore.key("3")])
        #expect(try await store.runs() == ["1", "2"])
        #expect(try await store.faults() == [])
    }

    @Test(
        "The origin of a run that has not ended stays; of one that has ended it goes, and its artifacts stay",
        arguments: Place.allCases)
    func origins(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, in: folder)
        let element = try store.artifact("an element of a").digest
        let time = Date().timeIntervalSince1970
        var record = try #require(try await store.metadata.record(of: TestStore.key("1")))
        let events = try await store.metadata.events(of: TestStore.key("1"))
        (record.run, record.originRun, record.created) = ("2", "1", time)
        (record.verdict, record.finished) = (nil, nil)
        try await store.metadata.create(record)
        #expect(try await StorePrune(store.kept, Self.rule()).perform().runs == [])
        // It takes the origin's first task over: with the list, whose element nothing else names.
        guard case .attemptSucceeded(let task, _, let nodes) = events[2].event else { throw CancellationError() }
        let cloned = RunEvent.cloned(task: task, fromRun: "1", fromTask: 1, nodes: nodes)
        try await store.metadata.append(
            [.started, cloned, .ended(verdict: .failed)], to: record.key, at: time, after: 0)
        try await Task.sleep(for: .milliseconds(20))
        #expect(try await StorePrune(store.kept, Self.rule()).perform().runs == [TestStore.key("1")])
        #expect(try await store.runs() == ["2"])
        // Its few events are no whole run.
        #expect(try await store.faults().filter { !$0.contains("do not fit") } == [])
        #expect(try store.digests.contains(element))
    }

    @Test(
        "What was made within the safety time, or after a run began that has not ended, stays",
        arguments: Place.allCases)
    func young(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, in: folder)
        let report = try await StorePrune(store.kept, Self.rule(safety: 60)).perform()
        #expect(report.runs == [TestStore.key("1")] && report.artifacts.number == 0)
        let kept = try store.digests.count
        #expect(report.young.number == 10 && kept == 9)
        try await store.run("2", value: "b", age: 10, verdict: nil, in: folder)
        #expect(try await StorePrune(store.kept, Self.rule()).perform().artifacts.number == 0)
        try await store.metadata.append(
            [.ended(verdict: .failed)], to: TestStore.key("2"), at: Date().timeIntervalSince1970, after: nil)
        try await Task.sleep(for: .milliseconds(20))
        #expect(try await StorePrune(store.kept, Self.rule()).perform().artifacts.number == 8)
        #expect(try await store.runs() == ["2"])
    }

    @Test(
        "While it cannot be told what a run names, no artifact is removed, and the run is named",
        arguments: Place.allCases)
    func unknown(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, in: folder)
        try await store.run("2", value: "b", in: folder)
        let list = try #require(
            try await store.metadata.events(of: TestStore.key("2")).compactMap { recorded -> ArtifactReference? in
                guard case .attemptSucceeded(1, _, let nodes) = recorded.event else { return nil }
                return nodes[0].items
            }.first)
        let path = "artifacts/\(list.digest.prefix(1))/\(list.digest)"
        try FileManager.default.removeItem(atPath: "\(store.root)/\(path)")
        if place == .bucket { try FileManager.default.removeItem(atPath: "\(store.layout.root)/\(path)") }
        let count = try store.digests.count
        let report = try await StorePrune(store.kept, Self.rule()).perform()
        #expect(report.problems.count == 1 && report.problems[0].contains("F/2"))
        #expect(try store.digests.count == count)
    }

    @Test("A prune that was killed after any write leaves whole runs, and the next one removes the rest")
    func killed() async throws {
        let whole = Heard<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writes in 0..<64 { group.addTask { if try await Self.isWhole(after: writes) { whole.add(writes) } } }
            try await group.waitForAll()
        }
        // Some were cut off, and some came to their end.
        #expect(whole.all.min() ?? 0 > 20 && whole.all.max() == 63)
    }

    /// - Returns: True when a prune needs no more than so many writes.
    private static func isWhole(after writes: Int) async throws -> Bool {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store")
        try await store.run("1", value: "a", age: 40 * self.day, in: folder)
        try await store.run("2", value: "b", in: folder)
        try await Task.sleep(for: .milliseconds(20))
        let dying = try TestStore(.bucket, folder, "store", machine: "dying") { WatchedObjects($0, dyingAfter: writes) }
        var isWhole = false
        do {
            _ = try await StorePrune(dying.kept, self.rule()).perform()
            isWhole = true
        } catch let error as ObjectStoreError where error.message == "killed" {
            let other = try TestStore(.bucket, folder, "store", machine: "other")
            let faults = try await other.faults()
            #expect(faults.allSatisfy { $0.contains("no record") || $0.contains("index") }, "\(writes): \(faults)")
        }
        // The sign of a prune of this process is that of a living one.
        try await store.objects?.remove("sweep")
        _ = try await StorePrune(store.kept, self.rule()).perform()
        #expect(try await store.runs() == ["2"], "\(writes)")
        #expect(try await store.faults() == [], "\(writes)")
        #expect(try store.digests.count == 9, "\(writes)")
        #expect(store.contents.keys.allSatisfy { !$0.contains("F/1/") }, "\(writes)")
        return isWhole
    }

    @Test("The origin of a run that begins while it is being removed is put back")
    func putBack() async throws {
        let folder = try TestFolder()
        let other = try TestStore(.bucket, folder, "store", machine: "other")
        try await other.run("1", value: "a", age: 40 * Self.day, in: folder)
        var successor = try #require(try await other.metadata.record(of: TestStore.key("1")))
        (successor.run, successor.originRun, successor.verdict, successor.finished) = ("2", "1", nil, nil)
        successor.created = Date().timeIntervalSince1970
        let record = successor
        let seen = Heard<Bool>()
        let store = try TestStore(.bucket, folder, "store") {
            WatchedObjects($0) { (key) async throws(ObjectStoreError) in
                // The last moment at which the new run still finds its origin.
                guard key == "runs/F/1/record.json", seen.all.isEmpty else { return }
                seen.add((try? await other.metadata.holds(TestStore.key("1"))) ?? false)
                try? await other.metadata.create(record)
            }
        }
        try await Task.sleep(for: .milliseconds(20))
        let report = try await StorePrune(store.kept, Self.rule()).perform()
        #expect(seen.all == [true] && report.runs == [] && report.artifacts.number == 0)
        #expect(try await store.runs() == ["1", "2"])
        #expect(try await store.faults() == [])
    }

    @Test("A run that another machine has pruned is gone on every machine that had seen it")
    func elsewhere() async throws {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store")
        try await store.run("1", value: "a", age: 40 * Self.day, in: folder)
        let other = try TestStore(.bucket, folder, "store", machine: "other")
        #expect(try await other.metadata.events(of: TestStore.key("1")).count == 12)
        _ = try await StorePrune(store.kept, Self.rule()).perform()
        let later = try TestStore(.bucket, folder, "store", machine: "other")
        #expect(try await later.metadata.record(of: TestStore.key("1")) == nil)
        #expect(try await later.metadata.listed(flow: nil, limit: nil).isEmpty)
        #expect(try await !other.metadata.holds(TestStore.key("1")))
    }

    @Test(
        "Runs that go on beside prunes in a loop, and use again what others have left, lose nothing",
        arguments: Place.allCases)
    func beside(place: Place) async throws {
        let folder = try TestFolder()
        let safety = SafetyTime(seconds: 1)
        let store = try TestStore(place, folder, "store", safety: safety)
        let isOver = Heard<Bool>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<6 {
                group.addTask {
                    // Each run has a program of its own, which knows nothing of what others have seen.
                    for round in 0..<12 {
                        let own = try TestStore(place, folder, "store", safety: safety)
                        try await Self.someRun("\(writer)-\(round)", on: own, in: folder)
                    }
                    isOver.add(true)
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    let rule = PruneRule(olderThan: 0.2, safety: safety)
                    var removed = 0
                    while isOver.all.count < 6 {
                        let report = try await StorePrune(store.kept, rule).perform()
                        removed += report.runs.count + report.artifacts.number
                        #expect(report.problems.isEmpty, "\(report.problems)")
                    }
                    #expect(removed > 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.faults().filter { !$0.contains("no record") && !$0.contains("do not fit") } == [])
    }

    /// A run that makes a few of twenty values, some of which lie there unnamed, and names each some time later. Right
    /// before its end all of them are there.
    private static func someRun(_ name: String, on store: TestStore, in folder: TestFolder) async throws {
        let record = RunRecord(
            flow: "F", run: name, user: "ada", created: Date().timeIntervalSince1970, program: ["/bin/flow"],
            manifest: TestStore.manifest, parameters: [:], package: try await store.package("some", folder))
        // A run without an engine counts as dead.
        let lock = try RunLock(path: store.layout.runLock(flow: "F", run: name), timeout: 1)
        defer { withExtendedLifetime(lock) {} }
        try await store.metadata.create(record)
        var named: [ArtifactReference] = []
        for (count, _) in (0..<3).enumerated() {
            let reference = try store.artifact("value \(Int.random(in: 0..<20))")
            try await store.kept.bucket?.courier.store([reference])
            try await Task.sleep(for: .milliseconds(.random(in: 0..<150)))
            named.append(reference)
            let result = NodeResult(transition: .step(to: "join"), artifacts: ["a": reference])
            try await store.metadata.append(
                [.attemptSucceeded(task: count + 1, attempt: 0, nodes: [result])], to: record.key,
                at: Date().timeIntervalSince1970, after: count)
        }
        let digests = try store.digests
        for reference in named { #expect(digests.contains(reference.digest), "\(name) lost an artifact") }
        try await store.metadata.append(
            [.ended(verdict: .succeeded)], to: record.key, at: Date().timeIntervalSince1970, after: 3)
    }

    @Test("An artifact that is old is made young before it is used again", arguments: Place.allCases)
    func renewed(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store", safety: SafetyTime(seconds: 0.2))
        let reference = try store.artifact("weights")
        try await store.kept.bucket?.courier.store([reference])
        try await Task.sleep(for: .milliseconds(300))
        let other = try TestStore(place, folder, "store", machine: "other", safety: SafetyTime(seconds: 0.2))
        #expect(try other.artifact("weights") == reference)
        try await other.kept.bucket?.courier.store([reference])
        let rule = PruneRule(olderThan: 0, safety: SafetyTime(seconds: 0.2))
        #expect(try await StorePrune(store.kept, rule).perform().young.number == 1)
        try await Task.sleep(for: .milliseconds(300))
        #expect(try await StorePrune(store.kept, rule).perform().artifacts.number == 1)
    }

    @Test("Whoever makes an object young waits for the prune that may be removing it, and makes it again")
    func waits() async throws {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store", safety: SafetyTime(seconds: 0))
        let objects = try #require(store.objects)
        let reference = try store.artifact("weights")
        let key = "artifacts/\(reference.digest.prefix(1))/\(reference.digest)"
        try await objects.put(Data("weights".utf8), at: key)
        let sign = try await SweepSign.take(objects)
        async let stored: Void = store.kept.bucket!.courier.store([reference])
        try await Task.sleep(for: .milliseconds(200))
        // The removal that was decided before.
        try await objects.remove(key)
        try await sign.end()
        try await stored
        #expect(try await objects.get(key) == Data("weights".utf8))
    }
}
