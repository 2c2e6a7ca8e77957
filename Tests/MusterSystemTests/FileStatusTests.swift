import Foundation
import MusterSystem
import Testing

@Suite struct FileStatusTests {
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    @Test("A stamp stays while the file does, and changes when it is written to or replaced")
    func stamp() throws {
        let path = self.folder.file("file")
        #expect(FileStamp(path) == nil && errno == ENOENT)
        try self.folder.write("one", to: "file")
        let stamp = try #require(FileStamp(path))
        #expect(FileStamp(path) == stamp && FileStamp(path)?.description == stamp.description && stamp.size == 3)
        symlink("file", self.folder.file("link"))
        #expect(FileStamp(self.folder.file("link")) == stamp)
        try self.folder.write("other", to: "file")
        #expect(FileStamp(path) != stamp && FileStamp(path)?.description != stamp.description)
    }

    @Test("A status knows files, folders and links, and a change of mode alone")
    func status() throws {
        try self.folder.write("one", to: "file")
        let path = self.folder.file("file")
        symlink("file", self.folder.file("link"))
        let link = try #require(FileStatus(ofLink: self.folder.file("link")))
        #expect(link.isLink && !link.isFile)
        #expect(FileStatus(self.folder.file("link"))?.isFile == true && FileStatus(self.folder.path)?.isFolder == true)
        let before = try #require(FileStatus(path))
        usleep(20_000)
        chmod(path, 0o600)
        let after = try #require(FileStatus(path))
        #expect(before.stamp == after.stamp && before != after && before.changed < after.changed)
        #expect(after.permissions == 0o600 && after.isWrittenByOwnerAlone)
        chmod(path, 0o620)
        #expect(FileStatus(path)?.isWrittenByOwnerAlone == false)
        #expect(try OpenFile(path, O_RDONLY).status() == FileStatus(path))
    }

    @Test("Folders are made with what is missing above them, by many threads at once")
    func make() async throws {
        let path = self.folder.file("a/b/c")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { (try? Folder.make(path, mode: 0o700)) != nil } }
            for await isMade in group { #expect(isMade) }
        }
        #expect(FileStatus(path)?.permissions == 0o700)
        #expect(Folder.names(in: self.folder.file("a")) == ["b"] && Folder.names(in: self.folder.file("x")) == nil)
        try self.folder.write("", to: "file")
        let error = #expect(throws: SystemError.self) { try Folder.make(self.folder.file("file")) }
        #expect(error?.number == ENOTDIR)
        #expect(throws: SystemError.self) { try Folder.make(self.folder.file("file/below")) }
    }

    @Test("A path's parent is the text before its last slash", arguments: [("/a/b", "/a"), ("/a", ""), ("a", "")])
    func parent(path: String, parent: String) { #expect(Folder.parent(of: path) == parent) }
}
