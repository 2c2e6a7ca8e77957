import FoundationEssentials
import Glibc
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// Reads the logs and reports of a run that is not moved.
struct RunFileCheck: Sendable {
    private let check: StoreCheck
    private let run: RunKey

    init(_ check: StoreCheck, _ run: RunKey) {
        self.check = check
        self.run = run
    }

    func perform() async throws {
        if let objects = self.check.store.bucket?.objects {
            try await self.checkBucket(objects)
        } else {
            let folder = self.check.store.layout.runFolder(flow: self.run.flow, run: self.run.run)
            for file in try FolderTree.files(in: folder, where: { $0 != "ray-storage" }) {
                try self.checkFile("\(folder)/\(file.path)")
            }
        }
    }

    /// A file by its name; others than logs and reports may hold anything.
    private func checkFile(_ path: String) throws {
        if Self.isLog(path) {
            let file = try OpenFile(path, O_RDONLY)
            var damage = LogDamage()
            try file.forEachPiece { damage.add($0) }
            self.report(damage, path)
        } else if path.hasSuffix(".json"), let bytes = FileContents.read(path) {
            self.checkJSON(Data(bytes), path)
        }
    }

    /// The console's file holds lines and no records.
    private static func isLog(_ path: String) -> Bool { path.hasSuffix(".log") && !path.hasSuffix("/console.log") }

    private func checkJSON(_ data: Data, _ place: String) {
        let isRight =
            place.hasSuffix(".report.json")
            ? (try? JSONDecoder().decode(GangReport.self, from: data)) != nil
            : !place.hasSuffix(".gang.json") || (try? JSONDecoder().decode(GangRecord.self, from: data)) != nil
        guard !isRight else { return }
        self.check.fault(
            "\(place) cannot be read", "nothing depends on it; what it says of hosts and failures is lost")
    }

    private func report(_ damage: LogDamage, _ place: String) {
        var damage = damage
        guard let first = damage.finish() else { return }
        self.check.fault(
            "the log \(place) is damaged: \(damage.bytes) bytes are no records, the first at \(first)",
            "`muster logs` shows all it still has")
    }

    // MARK: - In a bucket

    private func checkBucket(_ objects: any ObjectStore) async throws {
        let prefix = BucketLayout.files(self.run)
        var logs: [String: [ObjectInfo]] = [:]
        var reports: [String] = []
        for object in try await objects.objects(prefix: prefix) {
            let log = Folder.parent(of: object.key)
            if log.hasSuffix(".log") {
                logs[log, default: []].append(object)
            } else if object.key.hasSuffix(".json") {
                reports.append(object.key)
            }
        }
        try await Parallel.each(reports) { key in self.checkJSON(try await objects.get(key), key) }
        try await Parallel.each(logs.filter { Self.isLog($0.key) }.map { $0 }, width: 8) { log, pieces in
            try await self.checkPieces(pieces, of: log, objects)
        }
    }

    /// - Parameter pieces: In the order of their offsets. After an engine has died they may overlap.
    private func checkPieces(_ pieces: [ObjectInfo], of log: String, _ objects: any ObjectStore) async throws {
        var damage = LogDamage()
        var length = 0
        for piece in pieces {
            guard let offset = BucketLayout.number(of: piece.key), offset <= length else {
                self.check.fault(
                    "the log \(log) has a gap: no object holds its bytes from \(length) on",
                    "what follows is shown by nobody; a copy of the store may have it")
                return
            }
            guard offset + piece.size > length else { continue }
            let bytes = try await objects.get(piece.key).dropFirst(length - offset)
            bytes.withUnsafeBytes { damage.add($0) }
            length += bytes.count
        }
        self.report(damage, log)
    }
}

/// The bytes of a log that are no records.
private struct LogDamage {
    private var parser = LogParser()
    private var first: Int?
    private(set) var bytes = 0

    mutating func add(_ piece: UnsafeRawBufferPointer) {
        self.parser.append(piece)
        while let entry = self.parser.next() { self.note(entry) }
    }

    /// The offset of the first such byte; nil when there is none. A record that was cut off at the end is none.
    mutating func finish() -> Int? {
        while let entry = self.parser.finish() { self.note(entry) }
        return self.first
    }

    private mutating func note(_ entry: LogEntry) {
        guard case .damaged(let offset, let length) = entry else { return }
        self.first = self.first ?? offset
        self.bytes += length
    }
}
