import Synchronization

/// Waits for a text in a stream of bytes that comes in pieces.
final class TextWatch: Sendable {
    private let text: [UInt8]
    private let onFound: @Sendable () -> Void
    /// The last bytes, in which the text may begin; nil once it was found.
    private let rest = Mutex<[UInt8]?>([])

    init(for text: String, onFound: @escaping @Sendable () -> Void) {
        self.text = Array(text.utf8)
        self.onFound = onFound
    }

    var isFound: Bool { self.rest.withLock { $0 == nil } }

    func append(_ bytes: UnsafeRawBufferPointer) {
        let isFound = self.rest.withLock { rest in
            guard let before = rest else { return false }
            let all = before + bytes
            guard !Self.contains(all, self.text) else {
                rest = nil
                return true
            }
            rest = Array(all.suffix(self.text.count - 1))
            return false
        }
        if isFound { self.onFound() }
    }

    private static func contains(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
        guard let first = text.first, bytes.count >= text.count else { return text.isEmpty }
        return bytes.indices.dropLast(text.count - 1).contains { start in
            bytes[start] == first && bytes[start..<start + text.count].elementsEqual(text)
        }
    }
}
