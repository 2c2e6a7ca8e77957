import Dispatch
import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterSystem
import Synchronization

/// Log files that a cluster writes by itself. New lines of them are copied into the node's log, once a second and at the
/// end.
final class ClusterLogs: Sendable {
    private struct File {
        var offset = 0
        /// In the node's log.
        let number: Int
    }

    private static let piece = 256 << 10

    private let planned: PlannedLogs
    private let log: NodeLog
    private let first: Int
    private let queue: DispatchQueue
    /// By inode: log rotation renames a large file and makes a new one in its place.
    private let files = Mutex<[FileID: File]>([:])

    /// - Parameter first: The number of the first file in the node's log.
    init(_ planned: PlannedLogs, log: NodeLog, first: Int, on queue: DispatchQueue) {
        self.planned = planned
        self.log = log
        self.first = first
        self.queue = queue
    }

    /// Copies new lines, on the queue.
    /// - Parameter isLast: The writers have ended, so a line without a newline is complete too.
    func follow(isLast: Bool = false) {
        self.queue.async {
            let names = (Folder.names(in: self.planned.folder) ?? []).filter { name in
                self.planned.prefixes.contains { name.hasPrefix($0) }
            }
            for name in names.sorted() { self.take(name, isLast: isLast) }
        }
    }

    private func take(_ name: String, isLast: Bool) {
        let path = "\(self.planned.folder)/\(name)"
        guard let source = try? OpenFile(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
            let status = try? source.status(), status.isFile
        else { return }
        let identity = status.id
        var file = self.files.withLock { files in files[identity] ?? File(number: self.first + files.count) }
        defer { self.files.withLock { $0[identity] = file } }
        // A rotated file has a number after `err`.
        let isError = name.split(separator: ".").contains("err")
        let stream: ProcessStream = isError ? .standardError : .standardOutput
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        while true {
            let count = pread(source.descriptor, &buffer, buffer.count, off_t(file.offset))
            guard count > 0 else { return }
            // A line longer than the buffer goes in pieces.
            let isCut = count == buffer.count || isLast
            let end = buffer[..<count].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? (isCut ? count : 0)
            let taken = isLast && count < buffer.count ? count : end
            guard taken > 0 else { return }
            self.append(buffer[..<taken], file.number, stream)
            file.offset += taken
        }
    }

    private func append(_ bytes: ArraySlice<UInt8>, _ number: Int, _ stream: ProcessStream) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let kept = lines.filter { line in !self.planned.marks.contains { line.starts(with: $0.utf8) } }
        let text = Array(kept.joined(separator: [UInt8(ascii: "\n")]))
        guard !text.isEmpty else { return }
        self.log.waitForRoom()
        text.withUnsafeBytes { self.log.append(process: number, stream, $0) }
    }
}
