import Foundation
import Glibc
import MusterModel
import MusterStore
import MusterTestSupport
import Testing

/// What a process that took an artifact in need not check again, and what it does.
@Suite struct TakenArtifactsTests {
    private static let bytes = Data((0..<2 << 20).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) })
    private let folder: TestFolder
    private let layout: StoreLayout
    private let store: ArtifactStore

    init() throws {
        self.folder = try TestFolder()
        self.layout = StoreLayout(root: "\(self.folder.path)/.muster")
        try self.layout.prepare()
        self.store = ArtifactStore(self.layout, taken: TakenArtifacts())
    }

    private func adopt(isFinal: Bool) throws -> (reference: ArtifactReference, path: String) {
        let file = "\(self.folder.path)/value"
        try Self.bytes.write(to: URL(filePath: file))
        let reference = try self.store.adopt(file: file, encoding: .data, isFinal: isFinal)
        return (reference, self.layout.artifactFile(reference.digest))
    }

    /// Whether `body` opens the file at `path`.
    private func opens(_ path: String, _ body: () throws -> Void) throws -> Bool {
        let watch = inotify_init1(CInt(IN_NONBLOCK))
        defer { close(watch) }
        try #require(inotify_add_watch(watch, path, UInt32(IN_OPEN)) >= 0)
        try body()
        var event = [UInt8](repeating: 0, count: 4096)
        return read(watch, &event, event.count) > 0
    }

    @Test(
        "A file that was taken in and not touched since is not read again; one that others may hold open is",
        arguments: [true, false])
    func untouched(isFinal: Bool) throws {
        let (reference, path) = try self.adopt(isFinal: isFinal)
        let opened = try self.opens(path) {
            let found = try self.store.verifiedPath(reference)
            #expect(found == path)
        }
        #expect(opened == !isFinal)
    }

    @Test("Another process remembers nothing")
    func another() throws {
        let (reference, path) = try self.adopt(isFinal: true)
        let other = ArtifactStore(self.layout, taken: TakenArtifacts())
        let opened = try self.opens(path) { _ = try other.verifiedPath(reference) }
        #expect(opened)
    }

    @Test(
        "A byte that was flipped in place, in a copy or through a mapping is found, though size and time are as they were",
        arguments: [
            "write", "replace", "map",
        ])
    func flipped(how: String) throws {
        let (reference, path) = try self.adopt(isFinal: true)
        var before = stat()
        try #require(stat(path, &before) == 0)
        chmod(path, 0o644)
        switch how {
        case "write":
            let descriptor = open(path, O_WRONLY)
            pwrite(descriptor, "x", 1, 100)
            close(descriptor)
        case "replace":
            var bytes = Self.bytes
            bytes[100] ^= 1
            try bytes.write(to: URL(filePath: path), options: .atomic)
        default:
            let descriptor = open(path, O_RDWR)
            let address = try #require(mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0))
            address.storeBytes(
                of: address.load(fromByteOffset: 100, as: UInt8.self) ^ 1, toByteOffset: 100, as: UInt8.self)
            munmap(address, 4096)
            close(descriptor)
        }
        chmod(path, 0o444)
        let times = [before.st_atim, before.st_mtim]
        try #require(utimensat(AT_FDCWD, path, times, 0) == 0)
        let error = #expect(throws: StoreError.self) { try self.store.verifiedPath(reference) }
        #expect(error?.code == .corrupt)
    }

    @Test("One that was there before, and that nobody has looked at, gives way to the new one; one that is known stays")
    func already() throws {
        let (first, path) = try self.adopt(isFinal: false)
        let before = try self.inode(path)
        let (again, _) = try self.adopt(isFinal: true)
        #expect(first == again)
        let after = try self.inode(path)
        #expect(after != before)
        let opened = try self.opens(path) { _ = try self.store.verifiedPath(again) }
        #expect(!opened)
        _ = try self.adopt(isFinal: true)
        #expect(try self.inode(path) == after)
    }

    private func inode(_ path: String) throws -> ino_t {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return status.st_ino
    }
}
