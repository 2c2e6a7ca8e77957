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

@Suite struct StoreCopyTests {
    private static let key = TestStore.key("1")

    @Test(
        "A run is the same in the other store, with everything that it names and has left; copying again copies nothing",
        arguments: Place.allCases, Place.allCases)
    func copies(from: Place, to: Place) async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(from, folder, "from"), try TestStore(to, folder, "to"))
        try await source.run("1", value: "a", tags: ["good"], in: folder)
        try await source.run("2", value: "b", in: folder)
        let copy = StoreCopy(from: source.kept, to: target.kept)
        let outcome = try await copy.copy(Self.key)
        // Five tasks, shared, the list, its element and the parameter.
        #expect(outcome.artifacts == 9 && !outcome.wasThere)
        #expect(try await target.runs() == ["1"])
        #expect(try await target.metadata.record(of: Self.key) == source.metadata.record(of: Self.key))
        #expect(try await target.metadata.events(of: Self.key) == source.metadata.events(of: Self.key))
        #expect(try await target.metadata.tags(of: Self.key) == ["first", "good"])
        #expect(try await target.faults() == [])
        #expect(try await Self.log(target) == Self.log(source))
        let before = target.contents
        #expect(try await copy.copy(Self.key).wasThere)
        #expect(target.contents == before)
        // And the rest of the store.
        let heard = Heard<String>()
        try await copy.copy(RunChoice()) { run, outcome in
            heard.add("\(run) \(outcome.wasThere)")
        } refused: { _, _ in
        }
        #expect(heard.all == ["F/1 true", "F/2 false"])
        #expect(try target.digests == source.digests)
        #expect(try await target.faults() == [])
    }

    /// The bytes of a log and of a card as the other machine's verbs find them.
    private static func log(_ store: TestStore) async throws -> [Data?] {
        try await store.kept.bucket?.mirror.fetch(step: "start", of: self.key) { _ in true }
        let folder = store.layout.stepFolder(flow: "F", run: "1", step: "start")
        return ["1.0.node-0.log", "1.0.report.json", "1.0.node-0.card-0_default.html"].map {
            FileManager.default.contents(atPath: "\(folder)/\($0)")
        }
    }

    @Test(
        "A copy that was killed after any write shows a whole run or none, and is gone on with",
        arguments: Place.allCases)
    func killed(from: Place) async throws {
        let folder = try TestFolder()
        let source = try TestStore(from, folder, "from")
        try await source.run("1", value: "a", tags: ["good"], in: folder)
        var writes = 0
        var isWhole = false
        while !isWhole {
            // Each time on the leftovers of the one before, which got a little less far.
            let dying = try TestStore(.bucket, folder, "to", machine: "dying-\(writes)") {
                WatchedObjects($0, dyingAfter: writes)
            }
            do {
                _ = try await StoreCopy(from: source.kept, to: dying.kept).copy(Self.key)
                isWhole = true
            } catch let error as ObjectStoreError where error.message == "killed" {
                let other = try TestStore(.bucket, folder, "to", machine: "other-\(writes)")
                if try await other.metadata.holds(Self.key) {
                    #expect(try await other.metadata.events(of: Self.key) == source.metadata.events(of: Self.key))
                    #expect(try await other.faults([Self.key]) == [], "after \(writes)")
                } else {
                    #expect(try await other.runs().isEmpty, "after \(writes)")
                }
            }
            writes += 1
        }
        #expect(writes > 3)
        let other = try TestStore(.bucket, folder, "to", machine: "last")
        #expect(try await other.runs() == ["1"])
        #expect(try await other.faults() == [])
        #expect(try await other.metadata.tags(of: Self.key) == ["first", "good"])
    }

    @Test(
        "A run that the other store has with other events is refused by name and left as it is",
        arguments: Place.allCases)
    func conflict(place: Place) async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(.folder, folder, "from"), try TestStore(place, folder, "to"))
        try await source.run("1", value: "a", in: folder)
        try await target.run("1", value: "b", in: folder)
        let before = target.contents
        let error = await #expect(throws: UpkeepError.self) {
            try await StoreCopy(from: source.kept, to: target.kept).copy(Self.key)
        }
        #expect(error?.code == .conflict && error?.message.contains("F/1") == true)
        #expect(target.contents == before)
    }

    @Test("A run that an engine moves is refused by name; when all were asked for, the others are copied")
    func living() async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(.folder, folder, "from"), try TestStore(.folder, folder, "to"))
        try await source.run("1", value: "a", verdict: nil, in: folder)
        try await source.run("2", value: "b", in: folder)
        let lock = try RunLock(path: source.layout.runLock(flow: "F", run: "1"), timeout: 1)
        defer { withExtendedLifetime(lock) {} }
        let copy = StoreCopy(from: source.kept, to: target.kept)
        let error = await #expect(throws: UpkeepError.self) { try await copy.copy(Self.key) }
        #expect(error?.code == .busy && error?.message.contains("F/1") == true)
        let refused = Heard<RunKey>()
        try await copy.copy(RunChoice()) { _, _ in
        } refused: { run, _ in
            refused.add(run)
        }
        #expect(refused.all == [Self.key])
        #expect(try await target.runs() == ["2"])
    }

    @Test(
        "A damaged artifact is refused by its digest, and the run stays invisible", arguments: Place.allCases,
        Place.allCases)
    func damaged(from: Place, to: Place) async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(from, folder, "from"), try TestStore(to, folder, "to"))
        try await source.run("1", value: "a", in: folder)
        let digest = try source.artifact("a of task 2").digest
        let path = "\(source.root)/artifacts/\(digest.prefix(1))/\(digest)"
        try FileManager.default.removeItem(atPath: path)
        try Data("z of task 2".utf8).write(to: URL(filePath: path))
        let error = await #expect(throws: StoreError.self) {
            try await StoreCopy(from: source.kept, to: target.kept).copy(Self.key)
        }
        #expect(error?.code == .corrupt && error?.message.contains(digest) == true)
        #expect(try await target.runs().isEmpty)
    }

    @Test("Long runs: what a copy writes is read by every machine, event by event")
    func long() async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(.folder, folder, "from"), try TestStore(.bucket, folder, "to"))
        try await source.run("1", value: "a", verdict: nil, in: folder)
        for round in 0..<26 {
            let events = (0..<100).map { _ in RunEvent.attemptInterrupted(task: 1, attempt: round) }
            try await source.metadata.append(events, to: Self.key, at: Double(round), after: nil)
        }
        _ = try await StoreCopy(from: source.kept, to: target.kept).copy(Self.key)
        let other = try TestStore(.bucket, folder, "to", machine: "other")
        #expect(try await other.metadata.events(of: Self.key) == source.metadata.events(of: Self.key))
        let segments = try await other.objects?.list(ListRequest(prefix: "runs/F/1/segments/")).objects.count
        #expect(segments == 2)
        // An engine goes on with it there.
        try await other.metadata.append([.ended(verdict: .failed)], to: Self.key, at: 99, after: nil)
        #expect(try await target.metadata.record(of: Self.key)?.verdict == .failed)
    }

    @Test("Checkpoints go with their run from folder to folder, with those of no other run")
    func checkpoints() async throws {
        let folder = try TestFolder()
        let (source, target) = (try TestStore(.folder, folder, "from"), try TestStore(.folder, folder, "to"))
        try await source.run("1", value: "a", in: folder)
        for run in ["1", "1.2"] {
            let key = "checkpoints/files/F/work/any/id/\(run).2.0.best.of.0"
            try folder.write("from/\(key)/weights", run)
            for place in [
                "tasks/F/\(run)/work/2/0.best.of.0.json", "scopes/F/work/any/id/\(run).2.0.best.of.0.json",
                "tasks/F/\(run)/work/2/0.latest.json", "scopes/F/work/any/id/\(run).2.0.latest.json",
            ] { try folder.write("from/checkpoints/\(place)", "{\"key\": \"\(key)\"}") }
        }
        _ = try await StoreCopy(from: source.kept, to: target.kept).copy(Self.key)
        let copied = FileManager.default.enumerator(atPath: "\(target.root)/checkpoints")?.allObjects as? [String] ?? []
        #expect(copied.filter { $0.hasSuffix(".json") || $0.hasSuffix("weights") }.count == 5)
        #expect(copied.allSatisfy { !$0.contains("1.2.2") })
        let bucket = try TestStore(.bucket, folder, "bucket")
        let outcome = try await StoreCopy(from: source.kept, to: bucket.kept).copy(Self.key)
        #expect(outcome.notes.contains { $0.contains("checkpoints") })
    }
}
