import MusterModel
import MusterProcess

/// Separates a launcher's messages about itself from the user's output.
///
/// A line is recognised only when it was written by one `write`, as launchers do, so that no output has to wait for the end
/// of its line.
struct ClusterTalk: Sendable {
    private let marks: [[UInt8]]

    /// - Parameter marks: Texts that only such lines contain.
    init(_ marks: [String]) { self.marks = marks.map { Array($0.utf8) } }

    /// Calls `body` with the parts of `bytes`, in their order.
    func split(
        _ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer,
        _ body: (_ part: UnsafeRawBufferPointer, _ isTalk: Bool) -> Void
    ) {
        guard stream == .standardError, !self.marks.isEmpty else { return body(bytes, false) }
        var (start, line) = (bytes.startIndex, bytes.startIndex)
        while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 }) {
            if self.isTalk(bytes[line..<end]) {
                if start < line { body(UnsafeRawBufferPointer(rebasing: bytes[start..<line]), false) }
                body(UnsafeRawBufferPointer(rebasing: bytes[line..<end]), true)
                start = end
            }
            line = end
        }
        if start < bytes.endIndex { body(UnsafeRawBufferPointer(rebasing: bytes[start...]), false) }
    }

    private func isTalk(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        self.marks.contains { mark in
            line.indices.contains { line[$0...].starts(with: mark) }
        }
    }
}
