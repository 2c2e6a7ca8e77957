import Foundation
import Glibc
import Testing

@testable import MusterBackends

@Suite struct ShortFolderTests {
    private let parent = "/tmp/s\(UInt32.random(in: 0...UInt32.max) % 100_000_000)"

    private func names() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: self.parent)) ?? [] }

    private func folder() -> ShortFolder { ShortFolder(environment: ["TMPDIR": self.parent], last: "/nowhere") }

    @Test("Each gang has a short path of its own in a folder that belongs to this user alone and goes in the end")
    func paths() throws {
        try FileManager.default.createDirectory(atPath: self.parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: self.parent) }
        let folder = self.folder()
        #expect(self.names().isEmpty, "nothing is made before it is needed")
        let paths = try (0..<40).map { _ in try folder.next() }
        #expect(Set(paths).count == 40 && paths.allSatisfy { $0.utf8.count <= 37 - "/0/t".utf8.count })
        var status = stat()
        let own = "\(self.parent)/\(self.names()[0])"
        #expect(lstat(own, &status) == 0 && status.st_mode & 0o777 == 0o700 && paths[0].hasPrefix(own + "/"))
        folder.remove()
        #expect(self.names().isEmpty)
    }

    @Test("A folder whose owner lives stays, one whose owner is gone goes, and so does nothing else")
    func abandoned() throws {
        try FileManager.default.createDirectory(atPath: self.parent, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: self.parent) }
        let living = self.folder()
        _ = try living.next()
        let kept = self.names()
        for name in ["muster-ABCDEF", "muster-run-other", "muster-mine", "other"] {
            try FileManager.default.createDirectory(
                atPath: "\(self.parent)/\(name)/1/0", withIntermediateDirectories: true)
        }
        for name in ["muster-ABCDEF", "muster-run-other", "other"] {
            try Data().write(to: URL(filePath: "\(self.parent)/\(name)/muster.lock"))
        }
        // A user's own folder with a lock file of its own.
        try Data().write(to: URL(filePath: "\(self.parent)/muster-mine/lock"))
        try FileManager.default.createSymbolicLink(atPath: "\(self.parent)/muster-link", withDestinationPath: "other")
        _ = self.folder().removeStale()
        #expect(Set(self.names()) == Set(kept + ["muster-run-other", "muster-mine", "other", "muster-link"]))
        living.remove()
    }

    @Test("A long TMPDIR, one that is not there, or a folder of another's in the way stop nothing")
    func otherPlaces() throws {
        for named in ["/tmp/a-folder-with-a-long-name-that-leaves-no-room", "/nowhere/at/all", "relative", ""] {
            let folder = ShortFolder(environment: ["TMPDIR": named], last: "/nowhere")
            #expect(try folder.next().hasPrefix("/tmp/muster-"))
            folder.remove()
        }
    }
}
