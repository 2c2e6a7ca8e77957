import Foundation
import MusterSystem
import Testing

@Suite struct OpenFileTests {
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    @Test("A failed call names its purpose and the system's reason")
    func error() {
        let path = self.folder.file("none/file")
        let error = #expect(throws: SystemError.self) { try OpenFile(path, O_RDONLY) }
        #expect(error?.number == ENOENT && error?.description == "cannot open \(path): No such file or directory")
        let other = #expect(throws: SystemError.self) { try OpenFile(creating: path) }
        #expect(other?.description.hasPrefix("cannot write \(path): ") == true)
    }

    @Test("All bytes are written, in whatever pieces, and read again", arguments: [0, 1, 4096, 4097, 3 << 20])
    func bytes(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let path = self.folder.file("file")
        try bytes.withUnsafeBytes { try OpenFile(creating: path).write($0) }
        let file = try OpenFile(path, O_RDONLY)
        #expect(try file.bytes() == bytes && file.bytes(limit: 100) == Array(bytes.prefix(100)))
        var pieces: [UInt8] = []
        try file.forEachPiece { pieces += $0 }
        #expect(pieces == bytes)
        var filled = [UInt8](repeating: 0, count: count + 10)
        #expect(
            try filled.withUnsafeMutableBytes { try file.fill($0) } == count && Array(filled.prefix(count)) == bytes)
    }

    @Test("A pipe that takes its bytes in parts gets all of them")
    func pipe() throws {
        var ends: [CInt] = [0, 0]
        try #require(Glibc.pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        let reader = Thread { [count = bytes.count] in
            var rest = count
            var buffer = [UInt8](repeating: 0, count: 10_000)
            while rest > 0 {
                let count = read(reading, &buffer, buffer.count)
                if count <= 0 { break }
                rest -= count
            }
            close(reading)
        }
        reader.start()
        try bytes.withUnsafeBytes { try OpenFile.write($0, to: writing, called: "the pipe") }
        close(writing)
    }

    @Test("Files without a size are read whole")
    func process() throws {
        let environment = try #require(FileContents.read("/proc/self/environ"))
        #expect(!environment.isEmpty && environment.last == 0)
        #expect(FileContents.read("/proc/self/none") == nil)
    }

    @Test("A mapping shows the file and does not write to it")
    func map() throws {
        try self.folder.write("abc", to: "file")
        let file = try OpenFile(self.folder.file("file"), O_RDONLY)
        let address = try file.map(3)
        defer { munmap(address, 3) }
        address.storeBytes(of: UInt8(ascii: "x"), as: UInt8.self)
        #expect(try file.bytes() == Array("abc".utf8))
    }

    @Test("Contents are replaced by longer and by shorter ones")
    func overwrite() throws {
        let path = self.folder.file("file")
        for text in ["first", "a longer second one", "", "third"] {
            try FileContents.overwrite(path, with: Data(text.utf8))
            #expect(FileContents.read(path) == Array(text.utf8))
        }
        #expect(throws: SystemError.self) { try FileContents.overwrite(self.folder.path, with: Data()) }
    }
}
