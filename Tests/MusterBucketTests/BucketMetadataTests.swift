import Foundation
import MusterBucket
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import Testing

@Suite struct BucketMetadataTests {
    private static let key = TwoMachines.key

    /// Events of `count` tasks, two each.
    private static func events(_ tasks: Range<Int>) -> [RunEvent] {
        tasks.flatMap { [.attemptStarted(task: $0, attempt: 0), .attemptInterrupted(task: $0, attempt: 0)] }
    }

    @Test("Another machine sees a run, its events in order with their times, and its end")
    func elsewhere() async throws {
        let machines = try TwoMachines()
        let (first, second) = (machines.first.metadata, machines.second.metadata)
        #expect(try await second.record(of: Self.key) == nil)
        try await first.create(TwoMachines.record())
        try await first.append([.started], to: Self.key, at: 10, after: 0)
        #expect(try await second.events(of: Self.key) == [RecordedEvent(event: .started, time: 10)])
        try await first.append(Self.events(1..<3), to: Self.key, at: 11, after: 1)
        #expect(try await second.events(of: Self.key, after: 1).map(\.event) == Self.events(1..<3))
        #expect(try await second.record(of: Self.key)?.verdict == nil)
        try await first.append([.ended(verdict: .failed)], to: Self.key, at: 12, after: 5)
        let record = try await second.record(of: Self.key)
        #expect(record?.verdict == .failed && record?.finished == 12)
        #expect(record?.user == "ada")
    }

    @Test("Of two engines with the same events one can append; the other is told, and stores nothing")
    func conflict() async throws {
        let machines = try TwoMachines()
        let (first, second) = (machines.first.metadata, machines.second.metadata)
        try await first.create(TwoMachines.record())
        try await first.append([.started], to: Self.key, at: 1, after: 0)
        #expect(try await second.eventCount(of: Self.key) == 1)
        try await second.append(Self.events(1..<2), to: Self.key, at: 2, after: 1)
        let error = await #expect(throws: MetadataError.self) {
            try await first.append(Self.events(2..<3), to: Self.key, at: 3, after: 1)
        }
        #expect(error?.code == .conflict && error?.message.contains("another engine moves the run F/1") == true)
        #expect(try await first.events(of: Self.key).map(\.event) == [.started] + Self.events(1..<2))
        await #expect(throws: MetadataError.self) { try await second.create(TwoMachines.record()) }
    }

    @Test("Long runs: batches end with a segment, segments hold the same, and each machine reads every event once")
    func segments() async throws {
        let machines = try TwoMachines()
        let first = machines.first.metadata
        try await first.create(TwoMachines.record())
        var all: [RunEvent] = [.started]
        try await first.append(all, to: Self.key, at: 0, after: 0)
        // Seven batches of 601 events cross several borders, one of them exactly at its end.
        for round in 0..<7 {
            let events = Array(Self.events(round * 301..<(round + 1) * 301).prefix(round == 2 ? 199 + 598 : 601))
            try await first.append(events, to: Self.key, at: Double(round), after: all.count)
            all += events
        }
        #expect(try await machines.second.metadata.events(of: Self.key).map(\.event) == all)
        let segments = try await machines.objects.objects(prefix: "runs/F/1/segments/")
        #expect(segments.count == all.count / 1000)
        // Without the segments, as when an engine is killed before it writes one, the batches say the same.
        try await machines.objects.remove(segments.map(\.key))
        let third = try Machine("\(machines.folder.path)/third", machines.objects)
        #expect(try await third.metadata.events(of: Self.key) == machines.second.near.events(of: Self.key))
    }

    @Test("An event that is missing or damaged in the bucket is named, and nothing behind it is taken")
    func damage() async throws {
        let machines = try TwoMachines()
        let first = machines.first.metadata
        try await first.create(TwoMachines.record())
        for (count, event) in ([.started] + Self.events(1..<3)).enumerated() {
            try await first.append([event], to: Self.key, at: 1, after: count)
        }
        let key = "runs/F/1/events/000000/000000003"
        let whole = try await machines.objects.get(key)
        try await machines.objects.put(whole.dropLast(20), at: key)
        let damaged = await #expect(throws: MetadataError.self) {
            try await machines.second.metadata.events(of: Self.key)
        }
        #expect(damaged?.code == .corrupt && damaged?.message.contains(key) == true)
        try await machines.objects.remove(key)
        let missing = await #expect(throws: MetadataError.self) {
            try await machines.second.metadata.events(of: Self.key)
        }
        #expect(missing?.code == .corrupt && missing?.message.contains("event 3") == true)
        #expect(try await machines.second.near.events(of: Self.key).count <= 2)
    }

    @Test("An engine that died between the bucket and its own database goes on from the bucket")
    func diedBetween() async throws {
        let machines = try TwoMachines()
        try await machines.first.metadata.create(TwoMachines.record())
        try await machines.first.metadata.append([.started], to: Self.key, at: 1, after: 0)
        let batch = EventBatch(first: 2, time: 2, events: Self.events(1..<2))
        try await machines.objects.put(try batch.line(), at: "runs/F/1/events/000000/000000002")
        #expect(try await machines.first.metadata.events(of: Self.key).count == 3)
        try await machines.first.metadata.append(Self.events(2..<3), to: Self.key, at: 3, after: 3)
        #expect(try await machines.second.metadata.eventCount(of: Self.key) == 5)
    }

    @Test("An event is in the bucket only with the artifacts that it names, elements of a foreach included")
    func artifactsFirst() async throws {
        let machines = try TwoMachines()
        let first = machines.first
        try await first.metadata.create(TwoMachines.record())
        try await first.metadata.append([.started], to: Self.key, at: 1, after: 0)
        let (model, element) = (try first.artifact("model"), try first.artifact("a large element"))
        let line = Data("\"small\"\n".utf8) + Data("@".utf8) + (try JSONEncoder().encode(element)) + Data("\n".utf8)
        let items = try first.artifacts.put(line, encoding: .json)
        let result = NodeResult(
            transition: .foreach(to: "score", count: 2), artifacts: ["model": model], items: items)
        try await first.metadata.append(
            [.attemptStarted(task: 1, attempt: 0), .attemptSucceeded(task: 1, attempt: 0, nodes: [result])],
            to: Self.key, at: 2, after: 1)
        for reference in [model, element, items] {
            #expect(
                try await machines.objects.head("artifacts/\(reference.digest.prefix(1))/\(reference.digest)") != nil)
        }
        let lost = try first.artifact("lost")
        try FileManager.default.removeItem(atPath: first.layout.artifactFile(lost.digest))
        let failed = NodeResult(transition: .end, artifacts: ["lost": lost])
        await #expect(throws: ObjectStoreError.self) {
            try await first.metadata.append(
                [.attemptSucceeded(task: 2, attempt: 0, nodes: [failed])], to: Self.key, at: 3, after: 3)
        }
        #expect(try await machines.second.metadata.eventCount(of: Self.key) == 3)
    }

    @Test("Tags that several machines change at the same time all count, and every machine sees them")
    func tags() async throws {
        let machines = try TwoMachines()
        var record = TwoMachines.record()
        record.tags = ["begun"]
        try await machines.first.metadata.create(record)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, machine) in [machines.first, machines.second, machines.first, machines.second].enumerated() {
                group.addTask {
                    try await machine.metadata.changeTags(
                        of: Self.key, adding: ["t\(number)"], removing: number == 0 ? ["begun"] : [])
                }
            }
            try await group.waitForAll()
        }
        for machine in [machines.first, machines.second] {
            #expect(try await machine.metadata.tags(of: Self.key) == ["t0", "t1", "t2", "t3"])
        }
        await #expect(throws: MetadataError.self) {
            try await machines.second.metadata.changeTags(of: RunKey(flow: "F", run: "9"), adding: ["x"], removing: [])
        }
    }

    @Test(
        "A listing has the newest first, of one flow or all, and the verdicts, also of an engine that died at its end")
    func listing() async throws {
        let machines = try TwoMachines()
        let first = machines.first.metadata
        for number in 1...5 {
            try await first.create(TwoMachines.record("\(number)", created: Double(number * 1000)))
        }
        let ended = RunKey(flow: "F", run: "2")
        try await first.append([.started, .ended(verdict: .succeeded)], to: ended, at: 2050, after: 0)
        // The index does not know the end of this one.
        let batch = EventBatch(first: 1, time: 3050, events: [.started, .ended(verdict: .failed)])
        try await machines.objects.put(try batch.line(), at: "runs/F/3/events/000000/000000001")
        let second = machines.second.metadata
        let runs = try await second.listed(flow: nil, limit: nil)
        #expect(runs.map(\.key.run) == ["5", "4", "3", "2", "1"])
        #expect(runs.map(\.verdict) == [nil, nil, .failed, .succeeded, nil])
        #expect(runs[3].finished == 2050 && runs[3].created == 2000 && runs[3].user == "ada")
        #expect(try await second.listed(flow: "F", limit: 2).map(\.key.run) == ["5", "4"])
        #expect(try await second.listed(flow: "G", limit: nil).isEmpty)
        #expect(try await second.runs(flow: nil, limit: 1).map(\.key.run) == ["5"])
    }

    @Test("A key of the index says everything again, and its order is that of the newest first")
    func indexKeys() throws {
        var run = ListedRun(
            key: RunKey(flow: "Flöw", run: "a-name_1.2"), created: 1_795_779_812.160776, finished: 1_795_779_999.5,
            verdict: .cancelled, user: "adä ö", originRun: "7")
        #expect(IndexEntry(key: IndexEntry(run).key)?.run == run)
        let key = IndexEntry(run).key
        #expect(key.utf8.count < 300 && key.utf8.allSatisfy { $0 < 128 })
        run.created += 0.000002
        #expect(IndexEntry(run).key < key)
        run.user = String(repeating: "u", count: 5000)
        #expect(IndexEntry(run).key.utf8.count < 600)
        for text in ["index/", "index/1.", "index/x.e30", "index/0001.e30", "runs/F/1/record.json", "index/12"] {
            #expect(IndexEntry(key: text) == nil)
        }
    }

    @Test("The line of a batch is what its page shows")
    func golden() throws {
        let result = NodeResult(
            transition: .foreach(to: "score", count: 2),
            artifacts: ["loss": ArtifactReference(digest: "d", size: 8, encoding: .float64)],
            items: ArtifactReference(digest: "i", size: 4, encoding: .json))
        let failure = TaskFailure(code: .signal, message: "killed", node: 2, signal: 9)
        let batches = [
            EventBatch(first: 1, time: 1_795_779_812.5, events: [.started, .attemptStarted(task: 1, attempt: 0)]),
            EventBatch(
                first: 3, time: 1_795_779_813,
                events: [
                    .attemptSubmitted(task: 1, attempt: 0, job: "12;a"),
                    .attemptSucceeded(task: 1, attempt: 0, nodes: [result]),
                    .attemptFailed(task: 2, attempt: 1, failure: failure, caught: nil, left: [0: [:]]),
                    .attemptInterrupted(task: 3, attempt: 0),
                    .cloned(task: 4, fromRun: "0", fromTask: 7, nodes: [result]), .cancelled(failure: failure),
                    .ended(verdict: .cancelled),
                ]),
        ]
        let lines = try batches.map { try $0.line() }.reduce(Data(), +)
        #expect(try differenceFromGolden("bucket/events.jsonl", String(decoding: lines, as: UTF8.self)) == nil)
        #expect(try EventBatch.read(lines, key: "k") == batches)
    }
}
