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

@Suite struct StoreCheckTests {
    private static let key = TestStore.key("1")

    @Test("A byte that was flipped in any object is found, and the object or the run named", arguments: Place.allCases)
    func flipped(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", tags: ["good"], in: folder)
        #expect(try await store.faults() == [])
        // Cards may hold anything, and an entry of the index is its key.
        let paths = store.contents.keys.filter { path in
            !["card", "index/", ".gitignore", ".lock", "incoming"].contains(where: path.contains)
        }
        #expect(paths.count >= (place == .bucket ? 26 : 14))
        for path in paths {
            let url = URL(filePath: "\(store.root)/\(path)")
            let bytes = try Data(contentsOf: url)
            guard let first = bytes.first else { continue }
            try Self.replace(url, Data([first ^ 0x40]) + bytes.dropFirst())
            // Another machine: this one's copy has what it has read.
            let other = try TestStore(place, folder, "store", machine: "other-\(UUID().uuidString)")
            let faults = try await other.faults()
            #expect(!faults.isEmpty, "\(path)")
            let digest = path.split(separator: "/").first { $0.utf8.count == 64 }.map(String.init)
            #expect(faults.contains { $0.contains(digest ?? "F/1") || $0.contains("runs/F/1") }, "\(path): \(faults)")
            try Self.replace(url, bytes)
        }
        let last = try TestStore(place, folder, "store", machine: "last")
        #expect(try await last.faults() == [])
    }

    private static func replace(_ url: URL, _ bytes: Data) throws {
        let attributes = try FileManager.default.attributesOfItem(atPath: url.path)
        try FileManager.default.removeItem(at: url)
        try bytes.write(to: url)
        try FileManager.default.setAttributes(
            [.posixPermissions: attributes[.posixPermissions] ?? 0o644], ofItemAtPath: url.path)
    }

    @Test("Repairing removes a damaged artifact, and says which step makes it again", arguments: Place.allCases)
    func repairs(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", in: folder)
        let digest = try store.artifact("a of task 4").digest
        let url = URL(filePath: "\(store.root)/artifacts/\(digest.prefix(1))/\(digest)")
        try Self.replace(url, Data("z of task 4".utf8))
        #expect(try await store.faults().count == 1)
        #expect(FileManager.default.fileExists(atPath: url.path))
        let faults = try await store.faults(repairs: true)
        #expect(faults.count == 1 && faults[0].contains("F/1/join/4") && faults[0].contains("resume FLOW join"))
        #expect(!FileManager.default.fileExists(atPath: url.path))
        let after = try await store.faults()
        #expect(after.count == 1 && after[0].contains("is not in the store"))
        // The same value made again mends it.
        if place == .bucket {
            try await store.kept.bucket?.objects.put(
                Data("a of task 4".utf8), at: "artifacts/\(digest.prefix(1))/\(digest)")
        } else {
            _ = try store.artifact("a of task 4")
        }
        #expect(try await store.faults() == [])
    }

    @Test("The file of a parameter, which nothing can make again, is never removed", arguments: Place.allCases)
    func parameter(place: Place) async throws {
        let folder = try TestFolder()
        let store = try TestStore(place, folder, "store")
        try await store.run("1", value: "a", in: folder)
        let digest = try store.artifact("the file of a").digest
        let url = URL(filePath: "\(store.root)/artifacts/\(digest.prefix(1))/\(digest)")
        try Self.replace(url, Data("the file of b".utf8))
        let faults = try await store.faults(repairs: true)
        #expect(faults.count == 1 && faults[0].contains("the parameter data of F/1"))
        #expect(FileManager.default.fileExists(atPath: url.path))
    }

    @Test("Repairing writes the index, segments and batches of a bucket again")
    func bucket() async throws {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store")
        let objects = try #require(store.objects)
        try await store.run("1", value: "a", verdict: nil, in: folder)
        for round in 0..<22 {
            let events = (0..<100).map { _ in RunEvent.attemptInterrupted(task: 5, attempt: round) }
            try await store.metadata.append(events, to: Self.key, at: Double(round), after: nil)
        }
        let all = try await store.metadata.events(of: Self.key)
        let isRight = { @Sendable (what: String) in
            let damaged = try TestStore(.bucket, folder, "store", machine: "damaged-\(what)")
            let found = try await damaged.faults().filter { !$0.contains("do not fit") }
            #expect(found.count == 1, "\(what): \(found)")
            let repaired = try await damaged.faults(repairs: true).filter { !$0.contains("do not fit") }
            #expect(repaired.count == 1, "\(what): \(repaired)")
            let other = try TestStore(.bucket, folder, "store", machine: "repaired-\(what)")
            let left = try await other.faults().filter { !$0.contains("do not fit") }
            #expect(left == [], "\(what)")
            #expect(try await other.metadata.events(of: Self.key) == all, "\(what)")
            #expect(try await other.runs() == ["1"], "\(what)")
        }
        let index = try await objects.list(ListRequest(prefix: "index/")).objects.map(\.key)
        try await objects.remove(index)
        try await isRight("index")
        try await objects.put(Data(), at: "index/nonsense")
        try await isRight("nonsense")
        try await objects.put(Data("{}".utf8), at: "runs/F/1/segments/000001")
        try await isRight("segment")
        try await objects.remove("runs/F/1/events/000000/000000005")
        try await isRight("batch")
        let last = try await objects.list(ListRequest(prefix: "runs/F/1/events/000001/")).objects.map(\.key).sorted()
        try await objects.put(Data("{".utf8), at: last[last.count - 1])
        try await isRight("last batch of a segment")
    }

    @Test("A gap in the events that no segment fills is told, and nothing is removed")
    func gap() async throws {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store")
        let objects = try #require(store.objects)
        try await store.run("1", value: "a", in: folder)
        try await objects.remove("runs/F/1/events/000000/000000005")
        let before = store.contents
        let other = try TestStore(.bucket, folder, "store", machine: "other")
        #expect(try await other.faults(repairs: true).contains { $0.contains("events of F/1 are missing") })
        #expect(store.contents == before)
    }

    @Test("Thousands of artifacts are read, and none of them stays on this machine")
    func many() async throws {
        let folder = try TestFolder()
        let store = try TestStore(.bucket, folder, "store")
        let references = try (0..<3000).map { try store.artifact("artifact \($0)") }
        var record = RunRecord(
            flow: "F", run: "1", user: "ada", created: 1, program: ["/bin/flow"], manifest: TestStore.manifest,
            parameters: [:], package: try await store.package("x", folder))
        record.tags = nil
        try await store.metadata.create(record)
        let artifacts = Dictionary(uniqueKeysWithValues: references.enumerated().map { ("a\($0.offset)", $0.element) })
        let result = NodeResult(transition: .foreach(to: "work", count: 1), artifacts: artifacts)
        try await store.metadata.append(
            [.started, .attemptStarted(task: 1, attempt: 0), .attemptSucceeded(task: 1, attempt: 0, nodes: [result])],
            to: Self.key, at: 1, after: 0)
        let report = try await StoreCheck(store.kept).perform { _ in }
        #expect(report.artifacts == 3000 && report.faults == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.layout.incoming).isEmpty)
    }
}
