import Glibc
import MusterSystem

/// Reads a node's log from an offset on, also while it is being written.
package struct LogReader: Sendable {
    private let file: OpenFile
    private var parser: LogParser
    private var readOffset: Int

    /// Opens the log at `path`.
    /// - Parameter offset: The offset to begin at: 0, or an earlier ``offset``.
    /// - Throws: ``StoreError`` with the code ``StoreError/Code/missing`` when the log was not begun yet.
    package init(path: String, from offset: Int = 0) throws(StoreError) {
        self.file = try StoreError.converting { () throws(SystemError) in try OpenFile(path, O_RDONLY) }
        self.parser = LogParser(offset: offset)
        self.readOffset = offset
    }

    /// The offset of the next entry. Reading can continue there later, also in another process.
    package var offset: Int { self.parser.offset }

    /// The next entry; nil at the present end of the file. A later call continues when the file has grown.
    package mutating func next() throws(StoreError) -> LogEntry? {
        while true {
            if let entry = self.parser.next() { return entry }
            guard try self.fill() else { return nil }
        }
    }

    /// Like ``next()`` for a log that does not grow any more: a record that was cut off is returned in part.
    package mutating func finish() throws(StoreError) -> LogEntry? {
        if let entry = try self.next() { return entry }
        return self.parser.finish()
    }

    /// Reads some more; false at the end of the file.
    private mutating func fill() throws(StoreError) -> Bool {
        var parser = self.parser
        let offset = self.readOffset
        let file = self.file
        let count = try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 16) {
            (buffer) throws(StoreError) in
            let count = try StoreError.converting { () throws(SystemError) in
                try file.read(into: buffer, at: offset)
            }
            parser.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return count
        }
        self.parser = parser
        self.readOffset += count
        return count > 0
    }
}

extension LogReader {
    /// nil for a log that was not begun yet.
    package init?(ifThere path: String, from offset: Int) throws(StoreError) {
        do {
            try self.init(path: path, from: offset)
        } catch {
            guard error.code == .missing else { throw error }
            return nil
        }
    }
}
