import MusterModel
import MusterProcess
import Testing

@testable import MusterAgent

@Suite struct ClusterTalkTests {
    private func parts(_ text: String, _ stream: ProcessStream = .standardError) -> [String] {
        var parts: [String] = []
        Array(text.utf8).withUnsafeBytes { bytes in
            ClusterTalk(["plm:ssh: Warning: setpgid("]).split(stream, bytes) { part, isTalk in
                parts.append((isTalk ? "talk " : "") + String(decoding: part, as: UTF8.self))
            }
        }
        return parts
    }

    @Test(
        "A launcher's line about itself is told apart, and every other byte stays where it was",
        arguments: [
            (
                "a\n[h:1] plm:ssh: Warning: setpgid(1,1) failed\nb",
                ["a\n", "talk [h:1] plm:ssh: Warning: setpgid(1,1) failed\n", "b"]
            ),
            ("plm:ssh: Warning: setpgid(\n\n", ["talk plm:ssh: Warning: setpgid(\n", "\n"]),
            ("a\nplm:ssh: Warning: other\n", ["a\nplm:ssh: Warning: other\n"]),
            ("no end: plm:ssh: Warning: setpgid(", ["no end: plm:ssh: Warning: setpgid("]),
            ("", []),
        ])
    func split(text: String, parts: [String]) { #expect(self.parts(text) == parts) }

    @Test("Standard output is the user's")
    func output() {
        #expect(self.parts("plm:ssh: Warning: setpgid(1\n", .standardOutput) == ["plm:ssh: Warning: setpgid(1\n"])
    }
}
