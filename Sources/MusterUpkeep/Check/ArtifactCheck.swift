import FoundationEssentials
import Glibc
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// Compares artifacts with their digests.
struct ArtifactCheck: Sendable {
    /// Objects from which on fewer are read at the same time, in bytes.
    private static let large = 8 << 20
    private static let largeWidth = 4
    /// Files that are hashed at the same time.
    private static let folderWidth = 4

    private let check: StoreCheck

    init(_ check: StoreCheck) { self.check = check }

    /// The state of an artifact in the store.
    private enum Found {
        case right
        case missing
        /// Its bytes are others, which the text says.
        case other(String)
    }

    /// - Returns: For each whether it is right.
    func perform(_ named: [RunContents.Named]) async throws -> [Bool] {
        guard let objects = self.check.store.bucket?.objects else {
            return try await Parallel.map(named, width: Self.folderWidth) { named in
                try await self.report(named, try self.inFolder(named.reference))
            }
        }
        let folder = "\(self.check.store.layout.incoming)/check-\(UUID().uuidString)"
        let lock = LockedFolder.make(folder)
        defer {
            withExtendedLifetime(lock) {}
            _ = FolderRemoval.remove(folder)
        }
        return try await self.perform(named, objects, folder)
    }

    /// Small ones first, in the order of `named` afterwards.
    private func perform(
        _ named: [RunContents.Named], _ objects: any ObjectStore, _ folder: String
    ) async throws -> [Bool] {
        let look = { @Sendable (index: Int) in
            let found = try await self.inBucket(named[index].reference, objects, "\(folder)/\(index)")
            return try await self.report(named[index], found)
        }
        let small = named.indices.filter { named[$0].reference.size < Self.large }
        let large = named.indices.filter { named[$0].reference.size >= Self.large }
        var right = [Bool](repeating: false, count: named.count)
        for (index, isRight) in zip(small, try await Parallel.map(small, look)) { right[index] = isRight }
        for (index, isRight) in zip(large, try await Parallel.map(large, width: Self.largeWidth, look)) {
            right[index] = isRight
        }
        return right
    }

    private func inFolder(_ reference: ArtifactReference) throws -> Found {
        do {
            _ = try self.check.store.artifacts.verifiedPath(reference)
            return .right
        } catch let error as StoreError where error.code == .missing {
            return .missing
        } catch let error as StoreError where error.code == .corrupt {
            return .other(self.check.store.layout.artifactFile(reference.digest))
        }
    }

    private func inBucket(
        _ reference: ArtifactReference, _ objects: any ObjectStore, _ path: String
    ) async throws -> Found {
        guard StoreLayout.isDigest(reference.digest) else { return .other("no digest") }
        let key = BucketLayout.artifact(reference.digest)
        defer { unlink(path) }
        guard let file = try await Self.download(key, to: path, objects) else { return .missing }
        return file.sha256 == reference.digest && file.size == reference.size ? .right : .other(key)
    }

    /// nil when there is no such object.
    private static func download(
        _ key: String, to path: String, _ objects: any ObjectStore
    ) async throws(ObjectStoreError) -> FileDigest? {
        do throws(ObjectStoreError) { return try await objects.download(key, to: path) } catch {
            guard error.code == .missing else { throw error }
            return nil
        }
    }

    // MARK: - Reporting

    private func report(_ named: RunContents.Named, _ found: Found) async throws -> Bool {
        let artifact = "artifact \(named.reference.digest), \(named.maker),"
        switch found {
        case .right: return true
        case .missing: self.check.fault("\(artifact) is not in the store", Self.again(named.maker))
        case .other(let place):
            let text = "\(artifact) is damaged: its bytes are others (\(place))"
            guard named.maker.step != nil else {
                self.check.fault(text, "nothing can make it again; put the file with its bytes back")
                return false
            }
            guard self.check.repairs else {
                self.check.fault(text, "--repair removes it, then \(Self.again(named.maker))")
                return false
            }
            try await self.remove(named.reference.digest)
            self.check.fault(text, "removed; \(Self.again(named.maker))", isRepaired: true)
        }
        return false
    }

    private static func again(_ maker: RunContents.Maker) -> String {
        guard let step = maker.step else { return "nothing can make it again; put the file with its bytes back" }
        return
            "`muster resume FLOW \(step) --origin-run-id \(maker.run.run)` makes it again, or a run that makes the same value"
    }

    private func remove(_ digest: String) async throws {
        guard StoreLayout.isDigest(digest) else { return }
        if let objects = self.check.store.bucket?.objects {
            try await objects.remove(BucketLayout.artifact(digest))
        }
        // This machine's copy of a bucket may be right; it is checked by whoever reads it.
        guard self.check.store.bucket == nil else { return }
        let path = self.check.store.layout.artifactFile(digest)
        try SystemCall.check("remove \(path)") { unlink(path) }
    }
}
