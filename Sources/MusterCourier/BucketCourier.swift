import FoundationEssentials
import Glibc
package import MusterModel
package import MusterObjects
package import MusterStore
import MusterSystem
import Synchronization

/// Carries artifacts and code packages between a bucket and this machine's folder of it.
///
/// Both are named by the digest of their bytes, which is checked on either way: an object that was changed is found by
/// whoever fetches it, a file that was changed by whoever stores it.
package final class BucketCourier: StoreCourier {
    /// Bytes from which on a look costs less than sending what may be there already.
    private static let large = 256 << 10
    /// Large objects at the same time; each goes in several parts.
    private static let largeWidth = 4

    private let objects: any ObjectStore
    private let artifacts: ArtifactStore
    private let layout: StoreLayout
    private let safety: SafetyTime
    /// The keys of objects that were seen young, or made. Nobody removes them while a run that may name them goes on.
    private let known = Mutex<Set<String>>([])

    /// - Parameter safety: How long objects that no run names stay.
    package init(_ objects: any ObjectStore, near layout: StoreLayout, safety: SafetyTime = .day) {
        self.objects = objects
        self.safety = safety
        self.layout = layout
        self.artifacts = ArtifactStore(layout)
    }

    // MARK: - Artifacts

    package func fetch(_ references: [ArtifactReference]) async throws {
        let missing = Self.unique(references).filter { !self.artifacts.has($0) }
        let (small, large) = Self.bySize(missing)
        try await Parallel.each(small) { try await self.fetch($0) }
        try await Parallel.each(large, width: Self.largeWidth) { try await self.fetch($0) }
    }

    package func store(_ references: [ArtifactReference]) async throws {
        let known = self.known.withLock { $0 }
        let unknown = Self.unique(references).filter { !known.contains(BucketLayout.artifact($0.digest)) }
        let (small, large) = Self.bySize(unknown)
        try await Parallel.each(small) { try await self.store($0) }
        try await Parallel.each(large, width: Self.largeWidth) { try await self.store($0) }
    }

    /// Large artifacts go after the small ones, and fewer at the same time.
    private static func bySize(_ references: [ArtifactReference]) -> (
        small: [ArtifactReference], large: [ArtifactReference]
    ) {
        (references.filter { $0.size < self.large }, references.filter { $0.size >= self.large })
    }

    private static func unique(_ references: [ArtifactReference]) -> [ArtifactReference] {
        var digests: Set<String> = []
        return references.filter { digests.insert($0.digest).inserted }
    }

    private func fetch(_ reference: ArtifactReference) async throws {
        guard StoreLayout.isDigest(reference.digest) else {
            throw StoreError(
                .corrupt, "'\(reference.digest)' is no artifact digest; 64 hexadecimal digits are expected")
        }
        let key = BucketLayout.artifact(reference.digest)
        let path = try self.artifacts.newFile()
        defer { unlink(path) }
        let file = try await self.download(key, to: path, reference)
        guard file.sha256 == reference.digest, file.size == reference.size else {
            throw StoreError(
                .corrupt,
                "artifact \(reference.digest) is corrupt: the object \(key) has \(file.size) bytes with the digest \(file.sha256); remove that object and resume the run from the step that made it"
            )
        }
        try self.artifacts.take(brought: path, as: reference)
        self.note(key)
    }

    private func download(_ key: String, to path: String, _ reference: ArtifactReference) async throws -> FileDigest {
        do throws(ObjectStoreError) {
            return try await self.objects.download(key, to: path)
        } catch {
            guard error.code == .missing else { throw error }
            throw StoreError(
                .missing,
                "artifact \(reference.digest) is not in the store: \(error); resume the run from the step that made it")
        }
    }

    private func store(_ reference: ArtifactReference) async throws {
        let key = BucketLayout.artifact(reference.digest)
        // A node that has no part in this machine's folder has stored its artifacts itself.
        let isElsewhere = FileStatus(self.layout.artifactFile(reference.digest)) == nil
        let isLooked = isElsewhere || reference.size >= Self.large
        var isThere = isLooked ? try await self.holds(reference.size, at: key) : false
        if !isThere { isThere = try await self.upload(reference, to: key) == .exists }
        if isThere, !isElsewhere, try await !self.isYoung(key) {
            // A damaged file must not replace an object.
            let path = try self.artifacts.verifiedPath(reference)
            try await self.renew(key) { try await self.objects.upload(path, to: key) }
        }
        self.note(key)
    }

    private func holds(_ size: Int, at key: String) async throws -> Bool {
        let info = try await self.objects.head(key)
        return info?.size == size
    }

    /// - Returns: ``PutOutcome/exists`` when there is an object already.
    private func upload(_ reference: ArtifactReference, to key: String) async throws -> PutOutcome {
        let path = self.layout.artifactFile(reference.digest)
        // The digest of what was sent tells whether the file is still what was stored here.
        let sent = try await self.send(path, to: key, meant: reference.digest)
        guard sent.file.sha256 != reference.digest else { return sent.outcome }
        throw StoreError(
            .corrupt,
            "artifact \(reference.digest) is corrupt: its bytes now have the digest \(sent.file.sha256) (\(path)); remove that file and resume the run from the step that made it"
        )
    }

    /// Makes the object of the file, unless its bytes have another digest.
    private func send(
        _ path: String, to key: String, meant digest: String
    ) async throws(ObjectStoreError) -> UploadedFile {
        let sent = try await self.objects.upload(path, to: key, mode: .creating)
        let isOther = sent.file.sha256 != digest
        if isOther, sent.outcome == .stored { try await self.objects.remove([key]) }
        return sent
    }

    // MARK: - Ages

    /// True when no prune removes the object soon. A prune removes nothing where the server tells no ages.
    private func isYoung(_ key: String) async throws -> Bool {
        if let age = try await self.objects.age(key) { return age < self.safety.youth }
        return try await self.objects.head(key) != nil
    }

    /// Makes an old object young, beside prunes.
    private func renew<Outcome: Sendable>(_ key: String, _ put: () async throws -> Outcome) async throws {
        repeat {
            _ = try await put()
            try await SweepSign.waitForEnd(self.objects)
        } while try await self.objects.head(key) == nil
    }

    /// Those that the bucket does not hold yet.
    package func missing(_ references: [ArtifactReference]) async throws -> [ArtifactReference] {
        let unique = Self.unique(references)
        let isThere = try await Parallel.map(unique) {
            try await self.holds($0.size, at: BucketLayout.artifact($0.digest))
        }
        return zip(unique, isThere).filter { !$0.1 }.map(\.0)
    }

    // MARK: - Code packages

    package func fetch(package digest: String) async throws {
        guard StoreLayout.isDigest(digest) else {
            throw StoreError(.corrupt, "'\(digest)' is no digest of a code package")
        }
        guard access(self.layout.packageFolder(digest), F_OK) != 0 else { return }
        guard let archive = try await self.objects.find(BucketLayout.package(digest)) else {
            throw StoreError(
                .missing, "the code package \(digest) is not in the store: there is no \(BucketLayout.package(digest))")
        }
        try PackedCode(archive: archive, digest: digest).keep(in: self.layout)
        self.note(BucketLayout.package(digest))
    }

    package func store(package: PackedCode) async throws {
        let key = BucketLayout.package(package.digest)
        guard !self.known.withLock({ $0.contains(key) }) else { return }
        if try await self.objects.head(key) == nil {
            _ = try await self.objects.put(try package.archive(), at: key, mode: .creating)
        }
        if try await !self.isYoung(key) {
            let archive = try package.archive()
            try await self.renew(key) { try await self.objects.put(archive, at: key) }
        }
        self.note(key)
    }

    /// Notes artifacts that the bucket has: an event of it names them.
    package func note(_ references: [ArtifactReference]) {
        self.known.withLock { known in for each in references { known.insert(BucketLayout.artifact(each.digest)) } }
    }

    private func note(_ key: String) { _ = self.known.withLock { $0.insert(key) } }
}
