import Glibc
import MusterHTTP
import MusterObjects
import MusterSystem
import Synchronization

/// Writes a range of an object to its place in a file. A range that was cut is asked for from where it broke off.
final class RangeReceiver: HTTPReceiver {
    private struct State {
        var next: Int
        var end: Int
        /// The object that the bytes are of.
        var tag: String?
    }

    private let file: OpenFile
    private let range: Range<Int>
    private let origin: Int
    private let state: Mutex<State>

    /// - Parameters:
    ///   - tag: The object's `ETag`; nil to take it from the first answer.
    ///   - origin: The byte of the object that is the file's first.
    init(_ file: OpenFile, _ range: Range<Int>, tag: String? = nil, origin: Int = 0) {
        self.file = file
        self.range = range
        self.origin = origin
        self.state = Mutex(State(next: range.lowerBound, end: range.upperBound, tag: tag))
    }

    /// True when all bytes of the range that the object has are in the file.
    var isWhole: Bool { self.state.withLock { $0.next == $0.end } }

    /// The headers that ask for what is missing.
    func headers() -> [HTTPField] {
        self.state.withLock { state in
            // Whole, and yet asked again: the connection broke just behind the last byte.
            if state.next >= state.end { state.next = self.range.lowerBound }
            let range = HTTPField("Range", "bytes=\(state.next)-\(state.end - 1)")
            return [range] + (state.tag.map { [HTTPField("If-Match", $0)] } ?? [])
        }
    }

    /// True for an answer with bytes of the object; a whole one begins at the beginning.
    func takes(_ head: HTTPHead) -> Bool {
        switch head.status {
        case 206:
            guard let content = ContentRange(head) else { return false }
            return self.state.withLock { state in
                // The object may be shorter than the range.
                state.end = min(state.end, content.total)
                state.tag = state.tag ?? head["ETag"]
                return content.range.lowerBound == state.next && content.range.upperBound <= state.end
            }
        case 200:
            // A server that knows no ranges sends everything, which is right for the first range alone.
            guard self.range.lowerBound == 0, let length = head["Content-Length"].flatMap({ Int($0) }) else {
                return false
            }
            self.state.withLock { $0 = State(next: 0, end: length, tag: head["ETag"]) }
            return true
        default: return false
        }
    }

    func receive(_ piece: UnsafeRawBufferPointer) throws {
        try self.state.withLock { state in
            guard state.next + piece.count <= state.end else {
                throw ObjectStoreError(.answer, "the server sends more bytes of an object than it said")
            }
            var rest = piece
            while let base = rest.baseAddress, !rest.isEmpty {
                let count = pwrite(self.file.descriptor, base, rest.count, off_t(state.next - self.origin))
                if count < 0 {
                    if errno == EINTR { continue }
                    let error = SystemError(errno, "write \(self.file.path)")
                    throw ObjectStoreError(.ofFile(error), "\(error)")
                }
                state.next += count
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}

/// `Content-Range: bytes 0-99/1000`.
struct ContentRange: Sendable, Hashable {
    let range: Range<Int>
    /// The object's size.
    let total: Int

    init?(_ head: HTTPHead) {
        guard let text = head["Content-Range"], text.hasPrefix("bytes ") else { return nil }
        let fields = text.dropFirst(6).split(whereSeparator: { $0 == "-" || $0 == "/" }).compactMap { Int($0) }
        guard fields.count == 3, fields[0] <= fields[1], fields[1] < fields[2] else { return nil }
        self.range = fields[0]..<(fields[1] + 1)
        self.total = fields[2]
    }
}
