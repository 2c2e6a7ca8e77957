import Foundation
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import MusterWire
import Synchronization
import Testing

/// The engine's side of attempts whose nodes see nothing but the bucket.
@Suite struct AttemptMirrorTests {
    private static let attempt = AttemptID(flow: "F", run: "1", step: "train", task: 12, attempt: 0)
    private static let other = AttemptID(flow: "F", run: "1", step: "train", task: 1, attempt: 0)

    private let machines: TwoMachines
    private let mirror: AttemptMirror
    private let folder: AttemptFolder

    init() throws {
        self.machines = try TwoMachines()
        self.folder = AttemptFolder(prefix: self.machines.first.layout.attemptPrefix(Self.attempt))
        self.mirror = AttemptMirror(
            TwoMachines.key, near: self.machines.first.layout, self.machines.objects, address: { "at:\($0)" },
            sentBytes: { _ in 0 })
        try FileManager.default.createDirectory(
            atPath: (self.folder.prefix as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    }

    private func put(_ text: String, _ name: String, of attempt: AttemptID = attempt) async throws {
        try await self.machines.objects.put(Data(text.utf8), at: BucketLayout.attempt(attempt) + name)
    }

    private func text(_ object: AttemptObject) throws -> String? {
        try self.folder.read(object).map { String(decoding: $0, as: UTF8.self) }
    }

    private func keys() async throws -> [String] {
        try await self.machines.objects.objects(prefix: BucketLayout.attempts(TwoMachines.key)).map {
            String($0.key.dropFirst(BucketLayout.attempts(TwoMachines.key).count))
        }
    }

    @Test("The engine's objects go to the bucket, and nodes are told where the order is")
    func send() async throws {
        try self.folder.write(Data("an order".utf8), as: .order)
        try self.folder.write(Data("a key".utf8), as: .key, isSecret: true)
        try await self.mirror.send([.order, .key, .stop], of: Self.attempt)
        #expect(try await self.keys() == ["train/12.0.key", "train/12.0.order"])
        #expect(self.mirror.orderAddress(of: Self.attempt) == "at:runs/F/1/attempts/train/12.0.order")
        // What this machine has is newer than what it has sent.
        try self.folder.write(Data("a newer order".utf8), as: .order)
        try await self.mirror.fetch()
        #expect(try self.text(.order) == "a newer order")
        try await self.mirror.remove([.key], of: Self.attempt)
        #expect(try await self.keys() == ["train/12.0.order"])
    }

    @Test("What nodes write appears in the folder, again when it has changed, and pieces one behind the other")
    func fetch() async throws {
        try await self.put("one", "alive")
        try await self.put("first\n", "status-000000/000000000000")
        try await self.mirror.fetch()
        #expect(try self.text(.alive) == "one")
        #expect(try self.text(.statuses) == "first\n")
        try await self.put("two", "alive")
        try await self.put("second\n", "status-000000/000000000006")
        // A gap: the piece before it has not come.
        try await self.put("fourth\n", "status-000000/000000000019")
        try await self.put("{}", "report.json")
        try await self.mirror.fetch()
        #expect(try self.text(.alive) == "two")
        #expect(try self.text(.statuses) == "first\nsecond\n")
        #expect(try self.text(.report) == "{}")
        try await self.put("third\n", "status-000000/000000000013")
        try await self.mirror.fetch()
        #expect(try self.text(.statuses) == "first\nsecond\nthird\nfourth\n")
    }

    @Test("An object that has not changed is not fetched again")
    func unchanged() async throws {
        try await self.put("one", "alive")
        try await self.mirror.fetch()
        try FileManager.default.removeItem(atPath: self.folder.path(.alive))
        try await self.mirror.fetch()
        #expect(try self.text(.alive) == nil)
    }

    @Test(
        "A key that would leave the run's folder is passed over",
        arguments: ["../../x", "train/../../y", "a/b/c/d", "z"])
    func strange(key: String) async throws {
        let objects = OneObject(key: BucketLayout.attempts(TwoMachines.key) + key)
        let mirror = AttemptMirror(
            TwoMachines.key, near: self.machines.first.layout, objects, address: { $0 }, sentBytes: { _ in 0 })
        try await mirror.fetch()
        #expect(objects.reads.withLock { $0 } == 0)
    }

    @Test("The last words of an attempt are brought before its objects are removed; those of others stay")
    func clear() async throws {
        try await self.put("bye", "node-0.log/000000000000")
        try await self.put("here", "alive", of: Self.other)
        try await self.mirror.clear(Self.attempt)
        #expect(try self.text(.log(node: 0)) == "bye")
        #expect(try await self.keys() == ["train/1.0.alive"])
        try await self.put("late", "alive")
        try await self.mirror.clear(but: [Self.other])
        #expect(try await self.keys() == ["train/1.0.alive"])
    }

    @Test("A long log's pieces go once the run's files have them, and another machine's engine finds all of it")
    func trim() async throws {
        let sent = Mutex(0)
        let mirror = AttemptMirror(
            TwoMachines.key, near: self.machines.first.layout, self.machines.objects, address: { $0 },
            sentBytes: { _ in sent.withLock { $0 } })
        var text = ""
        func write(_ count: Int) async throws {
            for _ in 0..<count {
                let line = "line \(text.utf8.count)\n"
                try await self.put(line, "node-0.log/" + BucketLayout.padded(text.utf8.count, 12))
                text += line
            }
        }
        try await write(60)
        // The engine has taken the first half to the run's files.
        let half = text.utf8.count / 2
        let files = BucketLayout.files(TwoMachines.key) + "train/12.0.node-0.log"
        try await self.machines.objects.put(
            Data(text.utf8.prefix(half)), at: BucketLayout.piece(of: files, offset: 0))
        sent.withLock { $0 = half }
        try await mirror.fetch()
        #expect(try self.text(.log(node: 0)) == text)
        #expect(try await self.keys().count < 40)
        try await write(3)
        try await mirror.fetch()
        #expect(try self.text(.log(node: 0)) == text)
        let second = AttemptMirror(
            TwoMachines.key, near: self.machines.second.layout, self.machines.objects, address: { $0 },
            sentBytes: { _ in 0 })
        try await second.fetch()
        let there = self.machines.second.layout.logFile(Self.attempt, node: 0)
        #expect(try String(contentsOfFile: there, encoding: .utf8) == text)
    }

    @Test("Logs of an attempt whose engine is dead are shown elsewhere")
    func shown() async throws {
        try await self.put("still running\n", "node-0.log/000000000000")
        try await self.machines.second.bucket.mirror.fetch(step: "train", of: TwoMachines.key) { _ in true }
        let there = self.machines.second.layout.logFile(Self.attempt, node: 0)
        #expect(try String(contentsOfFile: there, encoding: .utf8) == "still running\n")
    }

    @Test("Artifacts that a node has stored itself are taken for stored, and others are missed")
    func storedElsewhere() async throws {
        let made = try self.machines.second.artifact("made on a node")
        try await self.machines.second.bucket.courier.store([made])
        try await self.machines.first.bucket.courier.store([made])
        #expect(!self.machines.first.artifacts.has(made))
        let lost = try self.machines.second.artifact("never stored")
        await #expect(throws: (any Error).self) { try await self.machines.first.bucket.courier.store([lost]) }
    }
}

/// A bucket that lists one object, whatever its key.
private final class OneObject: ObjectStore {
    let key: String
    let reads = Mutex(0)

    init(key: String) { self.key = key }

    func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage {
        ObjectPage(objects: [ObjectInfo(key: self.key, size: 1, stamp: "x")])
    }

    func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data {
        self.reads.withLock { $0 += 1 }
        return Data("x".utf8)
    }

    func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome { .stored }
    func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        throw ObjectStoreError(.invalid, "nothing is uploaded here")
    }
    func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest {
        throw ObjectStoreError(.invalid, "nothing is downloaded here")
    }
    func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo? { nil }
    func age(_ key: String) async throws(ObjectStoreError) -> Double? { nil }
    func remove(_ keys: [String]) async throws(ObjectStoreError) {}
}
