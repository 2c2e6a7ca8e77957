import FoundationEssentials
import MusterSystem
import Synchronization

/// A folder for files that are fetched and sent, removed with its last reference.
final class S3Folder: Sendable {
    private let path: String
    private let count = Mutex(0)

    /// - Parameter parent: A folder that exists.
    init(in parent: String) throws {
        guard let path = Folder.makeUnique(in: parent, prefix: "s3-") else {
            throw S3Error(.file, "no folder for objects can be made in \(parent): \(SystemError.lastText)")
        }
        self.path = path
    }

    // Copies of objects in the node's folder for temporary files, which its agent removes at the end anyway.
    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    /// The path of a file that is to be made.
    func file() -> String {
        let number = self.count.withLock { count in
            count += 1
            return count
        }
        return "\(self.path)/\(number)"
    }
}
