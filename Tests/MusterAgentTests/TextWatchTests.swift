import Synchronization
import Testing

@testable import MusterAgent

@Suite struct TextWatchTests {
    /// How often the watch for `text` calls when `pieces` come.
    static func calls(_ text: String, _ pieces: [[UInt8]]) -> Int {
        let count = Atomic<Int>(0)
        let watch = TextWatch(for: text) { count.add(1, ordering: .relaxed) }
        for piece in pieces { piece.withUnsafeBytes { watch.append($0) } }
        return count.load(ordering: .relaxed)
    }

    @Test("A text is found however the stream is cut into two pieces")
    func cuts() {
        let stream = Array("noise Ray runtime started. noise".utf8)
        for cut in 0...stream.count {
            #expect(
                Self.calls("Ray runtime started.", [Array(stream[..<cut]), Array(stream[cut...])]) == 1, "cut at \(cut)"
            )
        }
    }

    @Test("A text is found when every byte comes alone, after beginnings that came to nothing")
    func bytes() {
        #expect(Self.calls("aab", Array("xaaaaab".utf8).map { [$0] }) == 1)
        #expect(Self.calls("gr\u{fc}n", Array("ist gr\u{fc}n".utf8).map { [$0] }) == 1)
        #expect(Self.calls("x", [[], Array("x".utf8)]) == 1)
    }

    @Test("What is not there is not found, and what is found is told once")
    func once() {
        #expect(Self.calls("abc", [Array("ab".utf8), Array("xc".utf8), Array("ac b".utf8)]) == 0)
        #expect(Self.calls("abc", [Array("abcabc".utf8), Array("abc".utf8)]) == 1)
    }

    @Test("Bytes that are no text are no hindrance")
    func binary() {
        #expect(Self.calls("up", [[0xFF, 0x00, 0x75], [0x70, 0xFE]]) == 1)
    }
}
