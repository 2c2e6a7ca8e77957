import FoundationEssentials
import MusterStore
import MusterSystem

/// The end of a node's log.
enum LastWords {
    /// Bytes from the end that are looked through.
    private static let window = 16 << 10
    /// Characters that are kept.
    private static let longest = 200

    /// The last line of the log at `path` that a process of the user's wrote and that is not blank; nil for none.
    static func line(of path: String) -> String? {
        guard let size = FileStatus(path)?.size, size > 0,
            var reader = try? LogReader(path: path, from: max(0, size - self.window))
        else { return nil }
        var lines = LogLines()
        var last: LogLine?
        func note(_ line: LogLine) { if !line.bytes.allSatisfy({ $0 <= 0x20 }) { last = line } }
        while let entry = try? reader.finish() {
            // The window begins in the middle of a record, which is skipped.
            guard case .record(let record) = entry, !LogProcess.isOfCluster(record.process) else { continue }
            lines.append(record).forEach(note)
        }
        lines.finish().forEach(note)
        // Of a progress bar its last state.
        guard let bytes = last?.bytes.split(separator: UInt8(ascii: "\r")).last else { return nil }
        return String(String(decoding: bytes, as: UTF8.self).prefix(self.longest))
    }
}
