import Dispatch
import Foundation

/// The wish that a run ends, as a file beside its lock: it reaches the engine wherever it runs and however it is shielded
/// from signals, and no other process.
package enum CancelWish {
    /// Seconds between two looks of the engine.
    private static let pause = 0.2
    /// Bytes of a wish that are read.
    private static let length = 500

    /// Leaves the wish at `path`; fine when it is there.
    /// - Parameter author: Who wants it, for the run's own record.
    /// - Throws: ``EngineError`` when the file cannot be made.
    package static func leave(at path: String, author: String) throws(EngineError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw EngineError(
                code: .store,
                message: "the wish to end the run cannot be left at \(path): \(String(cString: strerror(errno)))")
        }
        _ = Array(author.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
    }

    /// Takes the wish back, or away.
    package static func remove(at path: String) { unlink(path) }

    package static func isThere(at path: String) -> Bool { access(path, F_OK) == 0 }

    /// Looks for the wish at `path` until the value that is returned goes; one that was there before is not meant.
    /// - Parameter onWish: Called once, with who wants it.
    package static func watch(_ path: String, onWish: @escaping @Sendable (String) -> Void) -> Watch {
        self.remove(at: path)
        return Watch(path, onWish: onWish)
    }

    /// A look every moment, on a queue that does nothing else.
    package final class Watch: Sendable {
        private let queue = DispatchQueue(label: "muster.cancel-wish")
        private let path: String
        private let onWish: @Sendable (String) -> Void

        fileprivate init(_ path: String, onWish: @escaping @Sendable (String) -> Void) {
            self.path = path
            self.onWish = onWish
            self.lookLater()
        }

        private func lookLater() {
            self.queue.asyncAfter(deadline: .now() + CancelWish.pause) { [weak self] in self?.look() }
        }

        private func look() {
            guard let wish = FileManager.default.contents(atPath: self.path) else { return self.lookLater() }
            self.onWish(String(decoding: wish.prefix(CancelWish.length), as: UTF8.self))
        }

        deinit { CancelWish.remove(at: self.path) }
    }
}
