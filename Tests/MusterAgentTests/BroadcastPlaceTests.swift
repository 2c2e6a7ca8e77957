import Foundation
import MusterTestSupport
import MusterWire
import Testing

@testable import MusterAgent

@Suite struct BroadcastPlaceTests {
    private let sandbox: TestFolder
    private let folder: NodeFolder

    init() throws {
        self.sandbox = try TestFolder()
        try self.sandbox.write("package/models/old.bin", "old")
        try self.sandbox.write("package/models/deep/other.txt", "other")
        try self.sandbox.write("package/train.py", "script")
        self.folder = NodeFolder(root: "\(self.sandbox.path)/node")
        try self.folder.make(package: "\(self.sandbox.path)/package")
    }

    @Test(
        "A path that is no place in the work folder is refused by name",
        arguments: ["", "/etc/passwd", "../up", "a/../../up", "a//b", "./a", "a/.", "a/", "..", ".", "a\0b"])
    func refused(path: String) throws {
        let problem = try #require(BroadcastPlace.problem(path))
        #expect(problem.contains("'\(path)'"))
    }

    @Test(
        "Any other relative path is a place",
        arguments: ["a", "a/b", "...", "a b/c=d", ".hidden", "gr\u{fc}n", "..a/b"])
    func accepted(path: String) {
        #expect(BroadcastPlace.problem(path) == nil)
    }

    private func offer(_ path: String, _ size: Int, _ mode: Int, _ source: FileIdentity) -> BroadcastOffer {
        BroadcastOffer(
            broadcast: 1, path: path, size: size, mode: mode, source: source, shared: "\(self.sandbox.path)/shared")
    }

    /// Sends a file of the sandbox to `path`.
    private func copy(_ text: String, to path: String, mode: Int = 0o640) throws -> AgentError? {
        try self.sandbox.write("source", text)
        try? FileManager.default.removeItem(atPath: "\(self.sandbox.path)/shared")
        let (identity, size, _) = try FileIdentity.look("\(self.sandbox.path)/source")
        let offer = self.offer(path, size, mode, identity)
        return BroadcastPlace(path, broadcast: 1, in: self.folder).copy(offer)
    }

    @Test("A file comes to its place with its mode, in folders that are made for it")
    func arrives() throws {
        #expect(try self.copy("new", to: "out/put/heat", mode: 0o750) == nil)
        #expect(self.sandbox.text("node/work/out/put/heat") == "new")
        let (_, _, mode) = try FileIdentity.look("\(self.folder.work)/out/put/heat")
        #expect(mode == 0o550, "for reading alone")
        #expect(!FileManager.default.fileExists(atPath: "\(self.folder.root)/broadcast-1"))
    }

    @Test("Nodes that work in one folder have the file already, and it stays the one that it is")
    func oneFolder() throws {
        try self.sandbox.write("project/out/heat", "whole")
        let path = "\(self.sandbox.path)/project/out/heat"
        let (identity, size, mode) = try FileIdentity.look(path)
        let folder = NodeFolder(root: "\(self.sandbox.path)/other", inPlace: "\(self.sandbox.path)/project")
        try folder.make(package: "\(self.sandbox.path)/package")
        let offer = self.offer("out/heat", size, mode, identity)
        #expect(BroadcastPlace("out/heat", broadcast: 1, in: folder).copy(offer) == nil)
        #expect(try FileIdentity.look(path) == (identity, size, mode))
        #expect(!FileManager.default.fileExists(atPath: offer.shared))
    }

    @Test("A file goes among those of the node's copy of the code package, and the package stays as it was")
    func ownFolder() throws {
        #expect(try self.copy("new", to: "models/old.bin") == nil)
        #expect(self.sandbox.text("node/work/models/old.bin") == "new")
        #expect(self.sandbox.text("package/models/old.bin") == "old")
        #expect(self.sandbox.text("node/work/models/deep/other.txt") == "other", "what was beside it is still there")
        #expect(try self.copy("deeper", to: "models/deep/new.txt") == nil)
        #expect(self.sandbox.text("package/models/deep/new.txt") == nil)
    }

    @Test("A file of the code package is replaced on this node alone")
    func replaces() throws {
        #expect(try self.copy("changed", to: "train.py") == nil)
        #expect(self.sandbox.text("node/work/train.py") == "changed")
        #expect(self.sandbox.text("package/train.py") == "script")
    }

    @Test("A file where a folder has to be is said, and nothing is written")
    func inTheWay() throws {
        #expect(try self.copy("x", to: "out") == nil)
        #expect(try self.copy("y", to: "out/file") != nil)
        #expect(self.sandbox.text("node/work/out") == "x")
    }

    @Test("A file that has become shorter than it was offered is said")
    func shorter() throws {
        try self.sandbox.write("source", "abc")
        let (identity, _, _) = try FileIdentity.look("\(self.sandbox.path)/source")
        let offer = self.offer("out", 100, 0o600, identity)
        #expect(BroadcastPlace("out", broadcast: 1, in: self.folder).copy(offer) != nil)
        #expect(self.sandbox.text("node/work/out") == nil)
    }

    @Test("The nodes of a machine share one copy, which is not the control node's own file")
    func shared() throws {
        try self.sandbox.write("source", "whole")
        let (identity, size, _) = try FileIdentity.look("\(self.sandbox.path)/source")
        let offer = self.offer("out", size, 0o755, identity)
        var inodes: Set<UInt64> = []
        for node in 0..<3 {
            let folder = NodeFolder(root: "\(self.sandbox.path)/other-\(node)")
            try folder.make(package: "\(self.sandbox.path)/package")
            #expect(BroadcastPlace("out", broadcast: 1, in: folder).copy(offer) == nil)
            #expect(self.sandbox.text("other-\(node)/work/out") == "whole")
            inodes.insert(try FileIdentity.look("\(folder.work)/out").identity.inode)
        }
        #expect(inodes.count == 1)
        #expect(!inodes.contains(identity.inode))
    }

    @Test("A copy that its maker left half done is made anew")
    func halfDone() throws {
        try self.sandbox.write("source", "whole")
        try self.sandbox.write("shared", "who, and more than there is")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600], ofItemAtPath: "\(self.sandbox.path)/shared")
        let (identity, size, _) = try FileIdentity.look("\(self.sandbox.path)/source")
        let offer = self.offer("out", size, 0o755, identity)
        #expect(BroadcastPlace("out", broadcast: 1, in: self.folder).copy(offer) == nil)
        #expect(self.sandbox.text("node/work/out") == "whole")
    }
}
