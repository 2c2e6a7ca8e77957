import MusterProcess

/// Tells lines in which a launcher speaks of itself from the user's output.
///
/// A line is recognised only where it was written in one piece, as the messages of launchers are: nothing that is not yet
/// known to be one waits here.
struct ClusterTalk: Sendable {
    private let marks: [[UInt8]]

    /// - Parameter marks: Texts by which such lines are known.
    init(_ marks: [String]) { self.marks = marks.map { Array($0.utf8) } }

    /// Calls `body` with the parts of `bytes`, in their order.
    func split(
        _ stream: OutputStream, _ bytes: UnsafeRawBufferPointer,
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
