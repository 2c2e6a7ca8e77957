import FoundationEssentials
import Glibc
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// Carries the files of a run: logs, reports, cards, the records of gangs and the engine's own; between folders also
/// checkpoints and Ray's storage.
struct RunFileCarrier: Sendable {
    let from: KeptStore
    let to: KeptStore
    let run: RunKey

    /// Of the engine that moves a run, and of nobody else.
    private static let passing: Set<String> = ["engine.lock", "engine.lease", "cancel"]
    private static let rayStorage = "ray-storage"
    /// Bytes of a piece of a log at most.
    private static let longestPiece = 8 << 20

    private var source: String { self.from.layout.runFolder(flow: self.run.flow, run: self.run.run) }
    private var target: String { self.to.layout.runFolder(flow: self.run.flow, run: self.run.run) }

    /// - Returns: The number and the bytes of files that were not there, and what stays behind.
    func carry() async throws -> StoreCopy.Outcome {
        switch (self.from.bucket, self.to.bucket) {
        case (nil, nil): return try self.betweenFolders()
        case (nil, let bucket?): return try await self.toBucket(bucket.objects)
        case (let bucket?, nil):
            try await RunMirror(bucket.objects, near: self.to.layout).fetchAll(of: self.run)
            let files = try FolderTree.files(in: self.target) { !Self.passing.contains($0) }
            return StoreCopy.Outcome(files: files.count, bytes: files.reduce(0) { $0 + $1.size }, notes: self.copyNotes)
        case (let source?, let target?): return try await self.between(source.objects, target.objects)
        }
    }

    /// The machine's copy of a bucket may hold what its bucket does not.
    private var copyNotes: [String] {
        let checkpoints = RunCheckpoints(self.run, in: self.from.layout)
        return checkpoints.isEmpty && access("\(self.source)/\(Self.rayStorage)", F_OK) != 0
            ? [] : ["checkpoints and Ray's storage of \(self.run) are in folders alone and were not copied"]
    }

    // MARK: - Between folders

    private func betweenFolders() throws -> StoreCopy.Outcome {
        var outcome = StoreCopy.Outcome()
        for file in try FolderTree.files(in: self.source, where: { !Self.passing.contains($0) })
        where try FolderTree.copy("\(self.source)/\(file.path)", to: "\(self.target)/\(file.path)") {
            outcome.add(StoreCopy.Outcome(files: 1, bytes: file.size))
        }
        for file in try RunCheckpoints(self.run, in: self.from.layout).files()
        where try FolderTree.copy("\(self.from.layout.root)/\(file.path)", to: "\(self.to.layout.root)/\(file.path)") {
            outcome.add(StoreCopy.Outcome(files: 1, bytes: file.size))
        }
        return outcome
    }

    // MARK: - To a bucket

    private func toBucket(_ objects: any ObjectStore) async throws -> StoreCopy.Outcome {
        let prefix = BucketLayout.files(self.run)
        let there = try await objects.objects(prefix: prefix)
        let sizes = Dictionary(uniqueKeysWithValues: there.map { (String($0.key.dropFirst(prefix.count)), $0.size) })
        let files = try FolderTree.files(in: self.source) { !Self.passing.contains($0) && $0 != Self.rayStorage }
        let sent = try await Parallel.map(files) { file in
            let key = prefix + file.path
            guard file.path.hasSuffix(".log") else {
                return try await self.sendWhole(file, to: key, sizes[file.path], objects)
            }
            return try await self.sendPieces(file, to: key, have: Self.length(of: file.path, sizes), objects)
        }
        var outcome = StoreCopy.Outcome(notes: self.copyNotes)
        for bytes in sent where bytes > 0 { outcome.add(StoreCopy.Outcome(files: 1, bytes: bytes)) }
        return outcome
    }

    private func sendWhole(
        _ file: FolderTree.File, to key: String, _ size: Int?, _ objects: any ObjectStore
    ) async throws -> Int {
        guard size != file.size else { return 0 }
        return try await objects.upload("\(self.source)/\(file.path)", to: key).file.size
    }

    private func sendPieces(
        _ file: FolderTree.File, to key: String, have: Int, _ objects: any ObjectStore
    ) async throws -> Int {
        var offset = have
        while offset < file.size {
            let bytes = try OpenFile("\(self.source)/\(file.path)", O_RDONLY)
                .bytes(from: offset, limit: min(Self.longestPiece, file.size - offset))
            guard !bytes.isEmpty else { break }
            try await objects.put(Data(bytes), at: BucketLayout.piece(of: key, offset: offset))
            offset += bytes.count
        }
        return offset - have
    }

    /// How much of a log its pieces hold without a gap.
    private static func length(of log: String, _ sizes: [String: Int]) -> Int {
        var length = 0
        while let size = sizes[BucketLayout.piece(of: log, offset: length)], size > 0 { length += size }
        return length
    }

    // MARK: - Between buckets

    private func between(_ source: any ObjectStore, _ target: any ObjectStore) async throws -> StoreCopy.Outcome {
        let prefix = BucketLayout.files(self.run)
        let there = try await target.objects(prefix: prefix)
        let sizes = Dictionary(uniqueKeysWithValues: there.map { ($0.key, $0.size) })
        let missing = try await source.objects(prefix: prefix).filter { sizes[$0.key] != $0.size }
        try await Parallel.each(missing) { object in
            try await target.put(try await source.get(object.key), at: object.key)
        }
        return StoreCopy.Outcome(
            files: missing.count, bytes: missing.reduce(0) { $0 + $1.size }, notes: self.copyNotes)
    }
}
