import Foundation

/// Says that an engine moves a run, and which process it is. The kernel gives it back when that process dies.
package final class RunLock: Sendable {
    private let descriptor: CInt

    /// Takes the lock of the run at `path`; its folder is made.
    /// - Throws: ``EngineError`` when another process holds it, or when the file cannot be made.
    package init(path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        self.descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard self.descriptor >= 0 else {
            throw EngineError(
                code: .store,
                message: "\(path) cannot be made (\(String(cString: strerror(errno)))); choose a store folder that you can write to")
        }
        guard flock(self.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(self.descriptor)
            let holder = RunLock.holder(path: path).map { " (process \($0))" } ?? ""
            throw EngineError(code: .busy, message: "the run is being moved by another engine\(holder)")
        }
        let pid = Array("\(getpid())\n".utf8)
        ftruncate(self.descriptor, 0)
        _ = pid.withUnsafeBytes { pwrite(self.descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { close(self.descriptor) }

    /// The process that moves the run; nil when none does.
    package static func holder(path: String) -> Int32? {
        // For reading: another user's lock can be looked at, not written to.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Int32(String(decoding: bytes.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
}
