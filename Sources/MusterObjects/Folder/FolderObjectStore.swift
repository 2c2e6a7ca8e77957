import Crypto
package import FoundationEssentials
import Glibc
import MusterSystem

/// Objects as the files of a folder, which any number of processes and machines may share.
///
/// A file is made in `.incoming` and renamed into place; one that must not replace another is linked, which the file
/// system lets only one of several do. Files are not synchronised to disk one by one.
package struct FolderObjectStore: ObjectStore {
    /// The path of the folder.
    package let root: String

    /// - Parameter root: An absolute path. The folder is made by the first put.
    package init(_ root: String) { self.root = root }

    package func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data {
        let file = try self.open(key)
        do throws(SystemError) {
            let start = range?.lowerBound ?? 0
            return Data(try file.bytes(from: start, limit: range?.count ?? .max))
        } catch {
            throw self.failure(error, key)
        }
    }

    package func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome {
        let target = "\(self.root)/\(try FolderKey.path(key))"
        do throws(SystemError) {
            let incoming = try IncomingObject(in: self.root)
            try incoming.file.write(data)
            return try incoming.place(at: target, mode)
        } catch {
            throw self.failure(error, key)
        }
    }

    package func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        let target = "\(self.root)/\(try FolderKey.path(key))"
        let source: OpenFile
        do throws(SystemError) { source = try OpenFile(path, O_RDONLY) } catch {
            throw ObjectStoreError(.file, "\(error)")
        }
        do throws(SystemError) {
            let incoming = try IncomingObject(in: self.root)
            let file = try Self.copy(source, to: incoming.file)
            return UploadedFile(outcome: try incoming.place(at: target, mode), file: file)
        } catch {
            throw self.failure(error, key)
        }
    }

    package func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest {
        let source = try self.open(key)
        do throws(SystemError) {
            return try Self.copy(source, to: try OpenFile(creating: path))
        } catch {
            unlink(path)
            throw ObjectStoreError(.file, "\(error)")
        }
    }

    package func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo? {
        let path = "\(self.root)/\(try FolderKey.path(key))"
        guard let status = FileStatus(path) else {
            let number = errno
            if number == ENOENT || number == ENOTDIR { return nil }
            throw self.failure(SystemError(number, "look at \(path)"), key)
        }
        return status.isFile ? ObjectInfo(key: key, size: status.size, stamp: "\(status.stamp)") : nil
    }

    package func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage {
        var listing = FolderListing(root: self.root, request)
        do throws(SystemError) { return try listing.make() } catch {
            throw self.failure(error, request.prefix)
        }
    }

    package func remove(_ keys: [String]) async throws(ObjectStoreError) {
        for key in keys {
            let path = "\(self.root)/\(try FolderKey.path(key))"
            if unlink(path) != 0 {
                switch errno {
                // A folder is no object; the parts of its name are those of other keys.
                case ENOENT, ENOTDIR, EISDIR: continue
                case EPERM where FileStatus(path)?.isFolder == true: continue
                case let number: throw self.failure(SystemError(number, "remove \(path)"), key)
                }
            }
            self.removeEmptyFolders(above: path)
        }
    }
}

extension FolderObjectStore {
    /// Removes what processes that were killed have left half written, once it is a minute old.
    /// - Returns: A sentence for each file that could not be removed.
    package func removeStale() -> [String] { StaleFiles.remove(in: "\(self.root)/\(FolderKey.incoming)") }

    package func age(_ key: String) async throws(ObjectStoreError) -> Double? {
        guard let status = FileStatus("\(self.root)/\(try FolderKey.path(key))"), status.isFile else { return nil }
        return max(0, Date().timeIntervalSince1970 - Double(status.changed) / 1e9)
    }

    private func open(_ key: String) throws(ObjectStoreError) -> OpenFile {
        let path = "\(self.root)/\(try FolderKey.path(key))"
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
            guard try file.status().isFile else { throw SystemError(ENOENT, "open \(path)") }
            return file
        } catch {
            throw self.failure(error, key)
        }
    }

    private static func copy(_ source: OpenFile, to target: OpenFile) throws(SystemError) -> FileDigest {
        var hash = SHA256()
        var size = 0
        try source.forEachPiece { (piece) throws(SystemError) in
            hash.update(bufferPointer: piece)
            try target.write(piece)
            size += piece.count
        }
        return FileDigest(size: size, sha256: Hexadecimal.text(hash.finalize()))
    }

    /// Removes the folders that the object at `path` has left empty. A put that needs one of them makes it again.
    private func removeEmptyFolders(above path: String) {
        var folder = Folder.parent(of: path)
        while folder.utf8.count > self.root.utf8.count, rmdir(folder) == 0 { folder = Folder.parent(of: folder) }
    }

    private func failure(_ error: SystemError, _ key: String) -> ObjectStoreError {
        switch error.number {
        case ENOENT:
            ObjectStoreError(.missing, "there is no object \(key) in the folder \(self.root)")
        case EISDIR, ENOTDIR, ENOTEMPTY:
            ObjectStoreError(
                .invalid,
                "the key \(key) cannot be a file of \(self.root): another key begins with it and a slash, or the reverse"
            )
        case EACCES, EPERM, EROFS:
            ObjectStoreError(.denied, "\(error); make the folder \(self.root) writable for this user")
        case ENOSPC, EDQUOT:
            ObjectStoreError(.refused, "\(error); free some space below \(self.root)")
        default:
            ObjectStoreError(.refused, "\(error)")
        }
    }
}
