internal import Synchronization

/// Splits a tool's output into lines.
final class ProgressLines: Sendable {
    /// Longer lines are truncated: progress is one line of a terminal.
    private static let longest = 4096

    private let pending = Mutex<[UInt8]>([])
    private let report: @Sendable (String) -> Void

    init(_ report: @escaping @Sendable (String) -> Void) { self.report = report }

    func append(_ bytes: UnsafeRawBufferPointer) {
        let lines = self.pending.withLock { pending in
            pending += bytes
            let newline = pending.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
            let end = newline ?? (pending.count > Self.longest ? pending.count : 0)
            defer { pending.removeFirst(end) }
            return pending[..<end].split(separator: UInt8(ascii: "\n")).map {
                String(decoding: $0.prefix(Self.longest), as: UTF8.self)
            }
        }
        for line in lines { self.report(line) }
    }
}
