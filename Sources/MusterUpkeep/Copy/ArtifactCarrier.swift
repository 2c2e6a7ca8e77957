import FoundationEssentials
import Glibc
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// Carries artifacts from one store to another. Each one's digest is checked on the way.
struct ArtifactCarrier: Sendable {
    let from: KeptStore
    let to: KeptStore

    /// Files between two folders at the same time: reading and hashing keep a core busy each.
    private static let width = 4
    /// What lies between two buckets at most: artifacts, and bytes unless one alone has more.
    private static let most = (artifacts: 512, bytes: 1 << 30)

    /// - Returns: The number and the bytes of those that were not there.
    func carry(_ references: [ArtifactReference]) async throws -> StoreCopy.Outcome {
        switch (self.from.bucket, self.to.bucket) {
        case (nil, nil): return try await self.betweenFolders(references)
        case (nil, let bucket?):
            let courier = BucketCourier(bucket.objects, near: self.from.layout)
            let missing = try await courier.missing(references)
            try await courier.store(references)
            return Self.outcome(missing)
        case (let bucket?, nil):
            let missing = try self.missingInFolder(references)
            try await BucketCourier(bucket.objects, near: self.to.layout).fetch(missing)
            return Self.outcome(missing)
        case (let source?, let target?): return try await self.between(source, target, references)
        }
    }

    private static func outcome(_ references: [ArtifactReference]) -> StoreCopy.Outcome {
        StoreCopy.Outcome(artifacts: references.count, bytes: references.reduce(0) { $0 + $1.size })
    }

    private func missingInFolder(_ references: [ArtifactReference]) throws -> [ArtifactReference] {
        let artifacts = self.to.artifacts
        let missing = Set(references.filter { !artifacts.keeps($0) })
        // Files of the right size with other bytes would count as there.
        for reference in missing where artifacts.has(reference) {
            let path = self.to.layout.artifactFile(reference.digest)
            try SystemCall.check("remove the damaged file \(path)") { unlink(path) }
        }
        return Array(missing)
    }

    private func betweenFolders(_ references: [ArtifactReference]) async throws -> StoreCopy.Outcome {
        let (source, target) = (self.from.artifacts, self.to.artifacts)
        let missing = try await Parallel.map(Array(Set(references)), width: Self.width) { reference in
            if target.keeps(reference) { return false }
            let path = try source.verifiedPath(reference)
            guard try target.put(copyOf: path, encoding: reference.encoding) == reference else {
                throw StoreError(.corrupt, "artifact \(reference.digest) was changed while it was copied (\(path))")
            }
            return true
        }
        return Self.outcome(zip(Array(Set(references)), missing).filter(\.1).map(\.0))
    }

    /// Through a folder of this machine, some at a time.
    private func between(
        _ source: Bucket, _ target: Bucket, _ references: [ArtifactReference]
    ) async throws -> StoreCopy.Outcome {
        let folder = "\(self.from.layout.incoming)/copy-\(UUID().uuidString)"
        let lock = LockedFolder.make(folder)
        defer {
            withExtendedLifetime(lock) {}
            _ = FolderRemoval.remove(folder)
        }
        let layout = StoreLayout(root: folder)
        let (getting, putting) = (
            BucketCourier(source.objects, near: layout), BucketCourier(target.objects, near: layout)
        )
        let missing = Set(try await putting.missing(references))
        for part in Self.parts(Array(Set(references))) {
            // Those that are there are sent again only when they are old, which needs their bytes.
            try await getting.fetch(part)
            try await putting.store(part)
            _ = FolderRemoval.remove(layout.artifacts)
        }
        return Self.outcome(Array(missing))
    }

    private static func parts(_ references: [ArtifactReference]) -> [[ArtifactReference]] {
        var parts: [[ArtifactReference]] = []
        var bytes = 0
        for reference in references {
            if let last = parts.last, last.count < self.most.artifacts, bytes + reference.size <= self.most.bytes {
                parts[parts.count - 1].append(reference)
                bytes += reference.size
            } else {
                parts.append([reference])
                bytes = reference.size
            }
        }
        return parts
    }
}
