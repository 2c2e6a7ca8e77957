import Foundation
import MusterSystem
import Testing

@Suite struct FolderRemovalTests {
    private let root = "/tmp/mr-\(UInt32.random(in: 0 ... .max))"

    init() throws { try FileManager.default.createDirectory(atPath: self.root, withIntermediateDirectories: true) }

    private func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: "\(self.root)/\(path)", withIntermediateDirectories: true)
    }

    private func write(_ path: String) throws { try Data("x".utf8).write(to: URL(filePath: "\(self.root)/\(path)")) }

    @Test(
        "Folders that forbid to be read, entered or changed go with what is in them",
        arguments: [0o000, 0o500, 0o300, 0o444] as [mode_t])
    func modes(mode: mode_t) throws {
        try self.make("a/b/c")
        try self.write("a/b/c/file")
        for folder in ["a/b/c", "a/b", "a"] { chmod("\(self.root)/\(folder)", mode) }
        chmod(self.root, mode)
        #expect(FolderRemoval.remove(self.root) == nil)
        #expect(access(self.root, F_OK) != 0)
    }

    @Test("A tree whose paths are longer than the system takes goes", arguments: [40, 700, 3000])
    func deep(levels: Int) throws {
        let name = String(repeating: "d", count: 20)
        var folder = open(self.root, O_RDONLY | O_DIRECTORY)
        for level in 0..<levels {
            mkdirat(folder, name, 0o700)
            if level % 7 == 0 { mkdirat(folder, "side", 0o000) }
            let next = openat(folder, name, O_RDONLY | O_DIRECTORY)
            try #require(next >= 0)
            close(folder)
            folder = next
        }
        close(folder)
        #expect(FolderRemoval.remove(self.root) == nil)
        #expect(access(self.root, F_OK) != 0)
    }

    @Test("Links are removed and not followed, names need not be text, and what is not there is no problem")
    func links() throws {
        try self.make("inside")
        try self.make("outside")
        try self.write("outside/kept")
        symlink("../outside", "\(self.root)/inside/folder")
        symlink("../outside/kept", "\(self.root)/inside/file")
        symlink("nowhere", "\(self.root)/inside/broken")
        mkfifo("\(self.root)/inside/pipe", 0o000)
        #expect(
            "\(self.root)/inside/".withCString { path in
                let folder = open(path, O_RDONLY | O_DIRECTORY)
                defer { close(folder) }
                return mkdirat(folder, [CChar(bitPattern: 0xFF), CChar(bitPattern: 0x0A), 0], 0o700)
            } == 0)
        #expect(FolderRemoval.remove("\(self.root)/inside") == nil)
        #expect(access("\(self.root)/inside", F_OK) != 0)
        symlink("outside", "\(self.root)/link")
        #expect(FolderRemoval.remove("\(self.root)/link") == nil)
        #expect(access("\(self.root)/outside/kept", F_OK) == 0)
        #expect(FolderRemoval.remove("\(self.root)/nothing") == nil)
        #expect(FolderRemoval.remove(self.root) == nil)
    }

    @Test("What cannot be removed is named with the reason, and the rest goes", .enabled(if: getuid() == 0))
    func mounted() throws {
        try self.make("a/mounted")
        try self.make("b/c")
        try #require(mount("none", "\(self.root)/a/mounted", "tmpfs", 0, nil) == 0)
        try self.write("a/mounted/kept")
        let problem = try #require(FolderRemoval.remove(self.root))
        #expect(problem.hasPrefix("\(self.root)/a/mounted cannot be removed: "), "\(problem)")
        #expect(access("\(self.root)/a/mounted/kept", F_OK) == 0 && access("\(self.root)/b", F_OK) != 0)
        try #require(umount("\(self.root)/a/mounted") == 0)
        #expect(FolderRemoval.remove(self.root) == nil)
    }

    @Test("Folders in use stay; stale ones are removed, whatever their permissions")
    func held() throws {
        var held = LockedFolder.make("\(self.root)/held")
        #expect(held != nil)
        try self.write("held/file")
        for name in ["left", "forbidden", "empty", "other-1"] { try self.make(name) }
        try self.write("left/file")
        chmod("\(self.root)/forbidden", 0)
        symlink("held", "\(self.root)/link")
        try self.write("new")
        try self.make(".new-1-2")
        #expect(StaleFiles.remove(in: self.root, exceptPrefix: "other") == [])
        let names = try FileManager.default.contentsOfDirectory(atPath: self.root).sorted()
        #expect(names == [".new-1-2", "held", "link", "new", "other-1"], "new files and links stay")
        #expect(access("\(self.root)/held/file", F_OK) == 0)
        let second = LockedFolder("\(self.root)/held")
        held = nil
        #expect(StaleFiles.remove(in: self.root) == [] && access("\(self.root)/held", F_OK) == 0)
        withExtendedLifetime(second) {}
        #expect(access("\(self.root)/other-1", F_OK) != 0)
        #expect(LockedFolder.make("\(self.root)/nowhere/folder") == nil && errno == ENOENT)
        _ = FolderRemoval.remove(self.root)
    }
}
