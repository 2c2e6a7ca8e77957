import Dispatch
import Glibc
import MusterSystem

/// A request to end a run, as a file beside the run's lock file. It reaches the engine on another machine and one that
/// ignores signals.
package enum CancelRequest {
    /// Bytes of a request that are read.
    private static let length = 500

    /// Leaves a request at `path`, also when there is one.
    /// - Parameter author: The user or program that asks, for the run's record.
    /// - Throws: ``EngineError`` when the file cannot be made.
    package static func leave(at path: String, author: String) throws(EngineError) {
        do throws(SystemError) {
            let file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
            // An empty file is a request too: a full disk loses the author alone.
            Array(author.utf8).withUnsafeBytes { try? file.write($0) }
        } catch {
            throw EngineError(code: .store, message: "the request to end the run cannot be left there: \(error)")
        }
    }

    /// Removes the request, if there is one.
    package static func remove(at path: String) { unlink(path) }

    package static func isThere(at path: String) -> Bool { access(path, F_OK) == 0 }

    /// Looks for a request at `path` until the returned value is released. One that is there already is removed first.
    /// - Parameters:
    ///   - seconds: Between two looks. A look is one `open` that fails.
    ///   - onRequest: Called once, with the author.
    package static func watch(
        _ path: String, every seconds: Double, onRequest: @escaping @Sendable (String) -> Void
    ) -> Watch {
        self.remove(at: path)
        return Watch(path, every: seconds, onRequest: onRequest)
    }

    /// Looks for the file at an interval, on its own queue.
    package final class Watch: Sendable {
        private let queue = DispatchQueue(label: "muster.cancel-request")
        private let path: String
        private let seconds: Double
        private let onRequest: @Sendable (String) -> Void

        fileprivate init(_ path: String, every seconds: Double, onRequest: @escaping @Sendable (String) -> Void) {
            self.path = path
            self.seconds = seconds
            self.onRequest = onRequest
            self.lookLater()
        }

        private func lookLater() {
            self.queue.asyncAfter(deadline: .now() + self.seconds) { [weak self] in self?.look() }
        }

        private func look() {
            guard let text = FileContents.read(self.path, limit: CancelRequest.length) else { return self.lookLater() }
            self.onRequest(String(decoding: text, as: UTF8.self))
        }

        deinit { CancelRequest.remove(at: self.path) }
    }
}
