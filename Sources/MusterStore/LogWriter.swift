import Glibc
package import MusterModel
import MusterSystem
import Synchronization

/// Appends the output of the processes of one node to the node's log file.
///
/// Safe to use from any thread; records never mix. An append is one system call. When a record cannot be written whole
/// (the disk is full), the file is truncated to its length before, so that it stays readable.
package final class LogWriter: Sendable {
    private let file: OpenFile
    /// Bytes of the file so far.
    private let length: Mutex<Int>

    /// Opens the log at `path`, made with the folders above it when it is missing; appends to what is there.
    package init(path: String) throws {
        let file = try StoreError.converting { () throws(SystemError) in try Self.open(path) }
        self.file = file
        self.length = Mutex(try StoreError.converting { () throws(SystemError) in try file.status().size })
    }

    private static func open(_ path: String) throws(SystemError) -> OpenFile {
        let folder = Folder.parent(of: path)
        if !folder.isEmpty, access(folder, F_OK) != 0 { try Folder.make(folder) }
        return try OpenFile(path, O_WRONLY | O_CREAT | O_APPEND)
    }

    /// Appends `bytes` as they are.
    /// - Parameters:
    ///   - process: 0 for the step program, 1 + k for worker k of its framework.
    ///   - time: Unix microseconds, see ``LogRecord/now()``.
    /// - Returns: The bytes of the whole file afterwards.
    @discardableResult
    package func append(
        process: Int, stream: ProcessStream, bytes: UnsafeRawBufferPointer, at time: Int64 = LogRecord.now()
    ) throws -> Int {
        try self.length.withLock { (length: inout Int) throws -> Int in
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(LogRecord.maximumLength))
                let header = LogRecord.header(time: time, process: process, stream: stream, length: piece.count)
                try StoreError.wrapping { try self.write(header, piece, after: length) }
                length += header.utf8.count + piece.count + 1
                rest = rest.dropFirst(piece.count)
            }
            return length
        }
    }

    /// Writes one record, or truncates the file to its length before.
    private func write(_ header: String, _ bytes: UnsafeRawBufferPointer, after length: Int) throws {
        let total = header.utf8.count + bytes.count + 1
        let written = try self.gather(header, bytes, after: length)
        if written == total { return }
        // A disk that is almost full takes a part. Writing the rest gives the reason.
        var record = Array(header.utf8)
        record.append(contentsOf: bytes)
        record.append(UInt8(ascii: "\n"))
        do {
            try record.withUnsafeBytes { (record) in
                try self.file.write(UnsafeRawBufferPointer(rebasing: record[written...]))
            }
        } catch {
            try? self.file.truncate(to: length)
            throw error
        }
    }

    private func gather(_ header: String, _ bytes: UnsafeRawBufferPointer, after length: Int) throws -> Int {
        var header = header
        return try header.withUTF8 { (header) throws -> Int in
            var newline = UInt8(ascii: "\n")
            return try withUnsafeMutablePointer(to: &newline) { (newline) throws -> Int in
                let parts = [
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: header.baseAddress), iov_len: header.count),
                    iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count),
                    iovec(iov_base: newline, iov_len: 1),
                ]
                return try SystemCall.check("write the log \(self.file.path)") {
                    writev(self.file.descriptor, parts, Int32(parts.count))
                }
            }
        }
    }
}
