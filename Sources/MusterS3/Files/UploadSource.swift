import FoundationEssentials
import Glibc
import MusterObjects
import MusterSystem

/// The bytes of an upload: a range of an open file.
struct UploadSource: Sendable {
    let file: OpenFile
    let range: Range<Int>

    /// - Throws: ``ObjectStoreError/Code/file`` for what is no regular file, and for one that is shorter than the range.
    init(_ piece: S3FilePiece) throws(ObjectStoreError) {
        do throws(SystemError) {
            // Opening a named pipe would wait for a writer.
            self.file = try OpenFile(piece.path, O_RDONLY | O_NONBLOCK)
            let status = try self.file.status()
            guard status.isFile else { throw SystemError(status.isFolder ? EISDIR : EINVAL, "send \(piece.path)") }
            self.range = piece.range ?? 0..<status.size
            guard self.range.lowerBound >= 0, self.range.upperBound <= status.size else {
                throw SystemError(ERANGE, "send bytes \(self.range) of the \(status.size) of \(piece.path)")
            }
        } catch {
            throw ObjectStoreError(.file, "\(error)")
        }
    }

    /// - Parameter part: Within the upload.
    func bytes(_ part: Range<Int>) throws(ObjectStoreError) -> Data {
        var data = Data(count: part.count)
        let start = self.range.lowerBound + part.lowerBound
        let result = data.withUnsafeMutableBytes { buffer in
            // The closure of `withUnsafeMutableBytes` cannot throw a typed error.
            Result { () throws(SystemError) in try self.file.fill(buffer, from: start) }
        }
        let count: Int
        do throws(SystemError) { count = try result.get() } catch { throw ObjectStoreError(.file, "\(error)") }
        guard count == part.count else {
            throw ObjectStoreError(.file, "\(self.file.path) became shorter while it was sent")
        }
        return data
    }
}
