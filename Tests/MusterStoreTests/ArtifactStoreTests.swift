import Foundation
import MusterModel
import MusterStore
import MusterTestSupport
import Testing

@Suite struct ArtifactStoreTests {
    private let folder: TestFolder
    private let store: ArtifactStore

    init() throws {
        self.folder = try TestFolder()
        let layout = StoreLayout(root: "\(self.folder.path)/.muster")
        try layout.prepare()
        self.store = ArtifactStore(layout)
    }

    @Test("What is put in comes out, under its SHA-256")
    func roundTrip() throws {
        let reference = try self.store.put(Data("hello\n".utf8), encoding: .data)
        #expect(reference.digest == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        #expect(reference.size == 6)
        #expect(try self.store.data(reference) == Data("hello\n".utf8))
    }

    @Test("An adopted file moves: it is the same file, read-only, and no copy is left")
    func adoptMoves() throws {
        let file = try self.folder.write("a", "value")
        let before = try FileManager.default.attributesOfItem(atPath: file)[.systemFileNumber] as? Int
        let reference = try self.store.adopt(file: file, encoding: .json)
        let path = try self.store.verifiedPath(reference)
        let after = try FileManager.default.attributesOfItem(atPath: path)
        #expect(after[.systemFileNumber] as? Int == before)
        #expect(after[.posixPermissions] as? Int == 0o444)
        #expect(!FileManager.default.fileExists(atPath: file))
    }

    @Test("A value that is there already is kept once, and the new file goes")
    func once() throws {
        let first = try self.store.put(Data("same".utf8), encoding: .data)
        let file = try self.folder.write("b", "same")
        #expect(try self.store.adopt(file: file, encoding: .data) == first)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: self.store.layout.artifactFolder(first.digest)).count
                == 1)
    }

    @Test(
        "A damaged file gives way to a good one of the same digest, whatever its size",
        arguments: ["flip", "cut"], [10, 3 << 20])
    func damaged(kind: String, size: Int) throws {
        let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        for put in [self.store.put, self.adopt] {
            let reference = try put(bytes, .data)
            let path = self.store.layout.artifactFile(reference.digest)
            var bad = bytes
            if kind == "flip" { bad[size / 2] ^= 1 } else { bad.removeLast() }
            chmod(path, 0o644)
            try bad.write(to: URL(filePath: path))
            #expect(throws: StoreError.self) { try self.store.verifiedPath(reference) }
            #expect(try put(bytes, .data) == reference)
            #expect(try self.store.data(reference) == bytes)
        }
    }

    private func adopt(_ bytes: Data, _ encoding: ArtifactEncoding) throws -> ArtifactReference {
        let file = "\(self.folder.path)/new"
        try bytes.write(to: URL(filePath: file))
        return try self.store.adopt(file: file, encoding: encoding)
    }

    @Test("A copy of a file is kept, and the file stays as it is", arguments: [0, 10, 3 << 20])
    func copies(size: Int) throws {
        let file = "\(self.folder.path)/given"
        let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try bytes.write(to: URL(filePath: file))
        let reference = try self.store.put(copyOf: file, encoding: .data)
        #expect(try self.store.put(copyOf: file, encoding: .data) == reference)
        #expect(reference.size == size)
        #expect(try self.store.data(reference) == bytes)
        #expect(try Data(contentsOf: URL(filePath: file)) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.layout.incoming) == [])
    }

    @Test("A file that has a second name is copied: what is written under that name does not reach the store")
    func secondName() throws {
        let file = try self.folder.write("own", "value")
        #expect(link(file, "\(self.folder.path)/task") == 0)
        let reference = try self.store.adopt(file: "\(self.folder.path)/task", encoding: .data)
        try #require(FileHandle(forWritingAtPath: file)).write(Data("VALUE".utf8))
        #expect(try self.store.data(reference) == Data("value".utf8))
        #expect(FileManager.default.fileExists(atPath: file))
        #expect(!FileManager.default.fileExists(atPath: "\(self.folder.path)/task"))
    }

    @Test(
        "A file on another file system is copied and then removed",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/shm")))
    func otherFileSystem() throws {
        let file = "/dev/shm/muster-\(UUID().uuidString)"
        try Data("far away".utf8).write(to: URL(filePath: file))
        let reference = try self.store.adopt(file: file, encoding: .data)
        #expect(try self.store.data(reference) == Data("far away".utf8))
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.layout.incoming) == [])
    }

    @Test(
        "A flipped byte, a cut and a missing file are refused with digest, path and advice",
        arguments: ["flip", "cut", "remove"])
    func corruption(kind: String) throws {
        let reference = try self.store.put(Data("0123456789".utf8), encoding: .data)
        let path = self.store.layout.artifactFile(reference.digest)
        try FileManager.default.removeItem(atPath: path)
        if kind != "remove" { try Data((kind == "flip" ? "0123456780" : "0123").utf8).write(to: URL(filePath: path)) }
        for read in [{ _ = try self.store.data(reference) }, { _ = try self.store.verifiedPath(reference) }] {
            let error = #expect(throws: StoreError.self) { try read() }
            #expect(error?.code == (kind == "remove" ? .missing : .corrupt))
            #expect(error?.message.contains(reference.digest) == true)
            #expect(error?.message.contains(path) == true)
            #expect(error?.message.contains("resume") == true)
        }
    }

    @Test(
        "A digest that is none never becomes a path",
        arguments: ["", "../../etc/passwd", String(repeating: "G", count: 64)])
    func noDigest(digest: String) {
        let error = #expect(throws: StoreError.self) {
            try self.store.data(ArtifactReference(digest: digest, size: 1, encoding: .data))
        }
        #expect(error?.code == .corrupt)
    }

    @Test("What is no plain file is not adopted")
    func links() throws {
        let link = "\(self.folder.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc/hostname")
        #expect(throws: StoreError.self) { try self.store.adopt(file: link, encoding: .data) }
        #expect(throws: StoreError.self) { try self.store.adopt(file: self.folder.path, encoding: .data) }
        #expect(FileManager.default.fileExists(atPath: self.folder.path))
    }

    @Test("A full disk is said to be full, and nothing half is left", .enabled(if: SmallDisk.canBeMade))
    func fullDisk() throws {
        let disk = try SmallDisk(path: "\(self.folder.path)/disk")
        let store = ArtifactStore(StoreLayout(root: "\(disk.path)/.muster"))
        try store.layout.prepare()
        let error = #expect(throws: StoreError.self) {
            try store.put(Data(repeating: 7, count: 4 << 20), encoding: .data)
        }
        #expect(error?.code == .full)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.layout.incoming) == [])
        let small = try store.put(Data("fits".utf8), encoding: .data)
        #expect(try store.data(small) == Data("fits".utf8))
    }

    @Test("A store that cannot be written to is refused by name", .enabled(if: SmallDisk.canBeMade))
    func readOnly() throws {
        let disk = try SmallDisk(path: "\(self.folder.path)/disk", options: "ro,size=1m")
        let error = #expect(throws: StoreError.self) { try StoreLayout(root: "\(disk.path)/.muster").prepare() }
        #expect(error?.code == .permission)
        #expect(error?.message.contains("\(disk.path)/.muster") == true)
    }

    @Test("A file in the store's place is named")
    func fileInTheWay() throws {
        let file = try self.folder.write("taken", "")
        let error = #expect(throws: StoreError.self) { try StoreLayout(root: file).prepare() }
        #expect(error?.message.contains(file) == true)
    }
}
