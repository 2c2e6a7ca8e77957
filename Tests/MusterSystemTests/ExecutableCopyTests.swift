import Glibc
import MusterSystem
import Testing

@Suite struct ExecutableCopyTests {
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    /// The kernel refuses to execute a file that is open for writing, and others execute a copy as soon as it has its name.
    @Test("A copy is closed before it has its name")
    func isClosedFirst() throws {
        let source = self.folder.file("source")
        try self.folder.write("#!/bin/sh\nexit 0\n", to: "source")
        try Folder.make(self.folder.file("copies"))

        let watch = inotify_init1(CInt(IN_NONBLOCK))
        defer { close(watch) }
        try #require(inotify_add_watch(watch, self.folder.file("copies"), UInt32(IN_CLOSE_WRITE | IN_MOVED_TO)) >= 0)
        try ExecutableCopy.make(
            of: OpenFile(source, O_RDONLY), at: self.folder.file("copies/program"), mode: 0o700)
        #expect(Self.kinds(watch) == [UInt32(IN_CLOSE_WRITE), UInt32(IN_MOVED_TO)])
        #expect(Folder.names(in: self.folder.file("copies")) == ["program"])
        #expect(FileStatus(self.folder.file("copies/program"))?.permissions == 0o700)
    }

    @Test("A copy that cannot be made leaves nothing")
    func leavesNothing() throws {
        try Folder.make(self.folder.file("copies/program/full"))
        let source = try OpenFile(self.folder.file("source"), O_RDWR | O_CREAT, mode: 0o600)
        #expect(throws: SystemError.self) {
            try ExecutableCopy.make(of: source, at: self.folder.file("copies/program"), mode: 0o700)
        }
        #expect(Folder.names(in: self.folder.file("copies")) == ["program"])
    }

    /// The masks of the events that wait at `watch`, in order.
    private static func kinds(_ watch: CInt) -> [UInt32] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(watch, &buffer, buffer.count)
        guard count > 0 else { return [] }
        return buffer.withUnsafeBytes { bytes in
            var (masks, offset): ([UInt32], Int) = ([], 0)
            while offset < count {
                let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                masks.append(event.mask)
                offset += MemoryLayout<inotify_event>.size + Int(event.len)
            }
            return masks
        }
    }
}
