import Crypto
package import FoundationEssentials
import Glibc
package import MusterModel
import MusterSystem

/// Artifacts by the digest of their bytes. Equal values are stored once, and a stored file never changes.
///
/// A file is written under another name and renamed when it is complete, so a writer that dies leaves no partial file
/// under a digest. Every read checks the digest, except for files that `taken` knows. Any number of processes may use
/// one store.
package struct ArtifactStore: Sendable {
    package let layout: StoreLayout
    private let taken: TakenArtifacts?
    private let safety: SafetyTime

    /// - Parameters:
    ///   - taken: A cache of the artifacts that this process has put into the store, for programs that use the store for
    ///     long.
    ///   - safety: How long artifacts that no run names stay.
    package init(_ layout: StoreLayout, taken: TakenArtifacts? = nil, safety: SafetyTime = .day) {
        self.layout = layout
        self.taken = taken
        self.safety = safety
    }

    /// Moves `file` into the store: a rename on the same file system, a copy and a removal otherwise.
    ///
    /// The caller must have closed it: later writes would corrupt the artifact. A file with another hard link, through
    /// which it could be written to, is copied. A file that the store has under that digest is kept if it is known to
    /// be intact, and replaced otherwise.
    /// - Parameter isFinal: True when no process can write to the file any more, so its stamp may be cached.
    /// - Throws: ``StoreError``; `file` is still there then.
    package func adopt(
        file: String, encoding: ArtifactEncoding, isFinal: Bool = false
    ) throws -> ArtifactReference {
        try StoreError.wrapping { try self.take(Taking.open(file), encoding, isFinal) }
    }

    private func take(
        _ source: OpenFile, _ encoding: ArtifactEncoding, _ isFinal: Bool
    ) throws -> ArtifactReference {
        let file = source.path
        let reference = try Self.reference(source, encoding)
        if self.holds(reference, readingUpTo: Self.brief) {
            unlink(file)
            return reference
        }
        if try source.status().links == 1, try self.move(file, source, into: reference) {
            // After the last change of its attributes: the renaming.
            if isFinal { try self.taken?.remember(reference.digest, source) }
        } else {
            let copy = IncomingFile(self.layout)
            try copy.write { target in try source.forEachPiece(target.write) }
            guard try Self.reference(OpenFile(copy.path, O_RDONLY), encoding) == reference else {
                throw StoreError(.corrupt, "\(file) was written to while it was taken into the store; it was refused")
            }
            _ = try self.rename(copy.path, into: reference)
            unlink(file)
        }
        return reference
    }

    /// Puts `bytes` into the store.
    package func put(_ bytes: some ContiguousBytes, encoding: ArtifactEncoding) throws -> ArtifactReference {
        try bytes.withUnsafeBytes { bytes in
            var hash = SHA256()
            hash.update(bufferPointer: bytes)
            let reference = ArtifactReference(digest: Self.text(hash.finalize()), size: bytes.count, encoding: encoding)
            if self.holds(reference, readingUpTo: .max) { return reference }
            let file = IncomingFile(self.layout)
            try StoreError.wrapping { try file.write { target in try target.write(bytes) } }
            _ = try self.rename(file.path, into: reference)
            return reference
        }
    }

    /// Puts a copy of the file at `path` into the store, piece by piece. The file is not changed.
    package func put(copyOf path: String, encoding: ArtifactEncoding) throws -> ArtifactReference {
        try StoreError.wrapping {
            let source = try OpenFile(path, O_RDONLY)
            let copy = IncomingFile(self.layout)
            try copy.write { target in try source.forEachPiece(target.write) }
            let reference = try Self.reference(OpenFile(copy.path, O_RDONLY), encoding)
            if self.holds(reference, readingUpTo: Self.brief) { return reference }
            _ = try self.rename(copy.path, into: reference)
            return reference
        }
    }

    /// The path for a file that a courier brings, on the store's file system. It is given to ``take(brought:as:)`` or removed.
    package func newFile() throws(StoreError) -> String {
        try StoreError.converting { () throws(SystemError) in try Folder.make(self.layout.incoming) }
        return "\(self.layout.incoming)/\(UUID().uuidString)"
    }

    /// Moves a file that was brought from elsewhere into its place. Its bytes have been checked.
    package func take(brought path: String, as reference: ArtifactReference) throws(StoreError) {
        _ = try StoreError.converting { () throws(SystemError) in
            try SystemCall.check("make \(path) read-only") { chmod(path, 0o400) }
        }
        _ = try self.rename(path, into: reference)
    }

    /// The bytes of an artifact. Large ones are mapped, not copied.
    package func data(_ reference: ArtifactReference) throws -> Data {
        let path = self.layout.artifactFile(reference.digest)
        try self.checkSize(reference, path)
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path), options: reference.size > 1 << 20 ? .alwaysMapped : [])
        } catch {
            throw StoreError(.failed, "cannot read \(path): \(error)")
        }
        var hash = SHA256()
        hash.update(data: data)
        try self.check(reference, path, found: Self.text(hash.finalize()))
        return data
    }

    /// The path of an artifact's file, after its bytes were checked.
    ///
    /// The file may be read and linked, never written to.
    package func verifiedPath(_ reference: ArtifactReference) throws -> String {
        let path = self.layout.artifactFile(reference.digest)
        try self.checkSize(reference, path)
        if self.taken?.knows(reference.digest, path) == true { return path }
        let found = try StoreError.wrapping { try Self.reference(OpenFile(path, O_RDONLY), reference.encoding) }
        try self.check(reference, path, found: found.digest)
        return path
    }

    /// True when the store has an intact file of the artifact, which is young now: nobody removes it before a run names it.
    package func keeps(_ reference: ArtifactReference) -> Bool { self.holds(reference, readingUpTo: .max) }

    /// True when the artifact's file exists and has the right size.
    package func has(_ reference: ArtifactReference) -> Bool {
        self.size(self.layout.artifactFile(reference.digest)) == reference.size
    }
}

extension ArtifactStore {
    /// Bytes. Up to this size, hashing the stored file is faster than replacing it.
    private static let brief = 1 << 20

    /// True when the store has an intact file with these bytes, young by now.
    /// - Parameter limit: Larger files are not read: they count only if this process has cached their stamps.
    private func holds(_ reference: ArtifactReference, readingUpTo limit: Int) -> Bool {
        guard self.has(reference) else { return false }
        let path = self.layout.artifactFile(reference.digest)
        if self.taken?.knows(reference.digest, path) == true { return LastUse.renew(path, self.safety) == .young }
        // A file that cannot be read does not count: the caller stores its bytes again, or fails at that.
        guard reference.size <= limit, let file = try? OpenFile(path, O_RDONLY),
            (try? Self.reference(file, reference.encoding)) == reference
        else { return false }
        return LastUse.renew(path, self.safety) == .young
    }

    /// Makes an open file read-only and renames it into its place. Returns false when that is on another file system.
    private func move(_ file: String, _ source: OpenFile, into reference: ArtifactReference) throws -> Bool {
        // The artifact gets no permission to read that the step's file did not have.
        try source.setMode(source.status().mode & 0o444 | 0o400)
        return try self.rename(file, into: reference)
    }

    /// The reference of the contents of `file`.
    private static func reference(_ file: OpenFile, _ encoding: ArtifactEncoding) throws -> ArtifactReference {
        var hash = SHA256()
        var size = 0
        try file.forEachPiece { piece in
            hash.update(bufferPointer: piece)
            size += piece.count
        }
        return ArtifactReference(digest: Self.text(hash.finalize()), size: size, encoding: encoding)
    }

    private static func text(_ digest: SHA256.Digest) -> String { Hexadecimal.text(digest) }

    /// Moves `file` to its place. Returns false when that is on another file system.
    private func rename(_ file: String, into reference: ArtifactReference) throws(StoreError) -> Bool {
        // Whoever is removing the file that is there must not remove this one in its place.
        let replaced = LastUse.hold(self.layout.artifactFile(reference.digest))
        defer { withExtendedLifetime(replaced) {} }
        return try Taking.move(
            file, to: self.layout.artifactFile(reference.digest), in: self.layout.artifactFolder(reference.digest), file
        )
    }

    private func size(_ path: String) -> Int? { FileStatus(path)?.size }

    private func checkSize(_ reference: ArtifactReference, _ path: String) throws(StoreError) {
        // References come from files and messages: one that is no digest must not become a path.
        guard Hexadecimal.isDigest(reference.digest) else {
            throw StoreError(
                .corrupt, "'\(reference.digest)' is no artifact digest; 64 hexadecimal digits are expected")
        }
        guard let size = self.size(path) else {
            if errno != ENOENT { throw StoreError(SystemError(errno, "look at \(path)")) }
            throw StoreError(
                .missing,
                "artifact \(reference.digest) is not in the store: \(path) does not exist; resume the run from the step that made it"
            )
        }
        guard size == reference.size else {
            throw Self.corrupt(reference, path, "it has \(size) bytes where \(reference.size) were stored")
        }
    }

    private func check(_ reference: ArtifactReference, _ path: String, found: String) throws(StoreError) {
        guard found == reference.digest else {
            throw Self.corrupt(reference, path, "its bytes now have the digest \(found)")
        }
    }

    private static func corrupt(_ reference: ArtifactReference, _ path: String, _ found: String) -> StoreError {
        StoreError(
            .corrupt,
            "artifact \(reference.digest) is corrupt: \(found) (\(path)); remove that file and resume the run from the step that made it"
        )
    }
}
