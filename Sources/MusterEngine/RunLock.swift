import Foundation
package import MusterProcess

/// Says that an engine moves a run, and which process it is. The kernel gives it back when that process dies.
package final class RunLock: Sendable {
    /// The engine that moves a run.
    package struct Holder: Sendable, CustomStringConvertible {
        /// nil while it has not said so.
        package let place: ProcessPlace?
        package var description: String { self.place?.description ?? "a process that has not said which it is" }
    }

    /// Whoever looks at a lock holds it for an instant: so often, and so long apart in microseconds, is it tried.
    private static let tries = 10
    private static let pause: UInt32 = 20_000

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
                message:
                    "\(path) cannot be made (\(String(cString: strerror(errno)))); choose a store folder that you can write to"
            )
        }
        guard Self.take(self.descriptor) else {
            close(self.descriptor)
            let holder = RunLock.holder(path: path).map { " (\($0))" } ?? ""
            throw EngineError(code: .busy, message: "the run is being moved by another engine\(holder)")
        }
        let text = Array(ProcessPlace.own.text.utf8)
        ftruncate(self.descriptor, 0)
        _ = text.withUnsafeBytes { pwrite(self.descriptor, $0.baseAddress, $0.count, 0) }
    }

    deinit { close(self.descriptor) }

    private static func take(_ descriptor: CInt) -> Bool {
        for _ in 0..<Self.tries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(Self.pause)
        }
        return false
    }

    /// The engine that moves the run; nil when none does.
    package static func holder(path: String) -> Holder? {
        // For reading: another user's lock can be looked at, not written to.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return Holder(place: ProcessPlace(text: String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)))
    }
}
