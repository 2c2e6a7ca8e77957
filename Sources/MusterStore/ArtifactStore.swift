import Crypto
package import FoundationEssentials
import Glibc
package import MusterModel
import MusterSystem

/// Artifacts by the digest of their bytes: equal values are kept once, and what was put in never changes.
///
/// A file is written aside and renamed when it is whole, so a digest never names a half file, whenever the writer
/// dies. Everything that is read is checked against its digest, but for what `taken` knows. Any number of processes may
/// use one store.
package struct ArtifactStore: Sendable {
    package let layout: StoreLayout
    private let taken: TakenArtifacts?

    /// - Parameter taken: What this process has taken into the store, kept by whoever uses the store for long.
    package init(_ layout: StoreLayout, taken: TakenArtifacts? = nil) {
        self.layout = layout
        self.taken = taken
    }

    /// Takes `file` away into the store: renamed on the same file system, copied and removed otherwise.
    ///
    /// The caller must have closed it: bytes written later would spoil the artifact. A file that has another name as well,
    /// by which it could be written to, is copied. What the store has under that digest already stays only where it is
    /// known to be whole; otherwise the new file takes its place.
    /// - Parameter isFinal: No process is left that could write to the file, so that it may be remembered as it is.
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

    /// Puts a copy of the file at `path` into the store, piece by piece; the file stays as it is.
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

    /// Whether the artifact's file is there and as long as it should be.
    package func has(_ reference: ArtifactReference) -> Bool {
        self.size(self.layout.artifactFile(reference.digest)) == reference.size
    }
}

extension ArtifactStore {
    /// Bytes that are read again sooner than their file is replaced.
    private static let brief = 1 << 20

    /// Whether the store has these very bytes already: not a damaged file of that name.
    /// - Parameter limit: Of larger ones nothing is read, so that they count only when this process knows them.
    private func holds(_ reference: ArtifactReference, readingUpTo limit: Int) -> Bool {
        guard self.has(reference) else { return false }
        let path = self.layout.artifactFile(reference.digest)
        if self.taken?.knows(reference.digest, path) == true { return true }
        guard reference.size <= limit, let file = try? OpenFile(path, O_RDONLY) else { return false }
        return (try? Self.reference(file, reference.encoding)) == reference
    }

    /// Makes an open file read-only and renames it into its place. Returns false when that is on another file system.
    private func move(_ file: String, _ source: OpenFile, into reference: ArtifactReference) throws -> Bool {
        // Who could not read what the step has made does not read it here.
        try source.setMode(source.status().mode & 0o444 | 0o400)
        return try self.rename(file, into: reference)
    }

    /// The reference of what stands in `file`.
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
        try Taking.move(
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
