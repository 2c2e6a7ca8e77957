import Foundation

/// An empty folder for one test, removed with this value.
package final class TestFolder: Sendable {
    package let path: String

    package init() throws {
        // Short, because paths of sockets are. /tmp is a link on some systems, and programs say the path that they see.
        let root = NSTemporaryDirectory().withCString { realpath($0, nil) }
        defer { free(root) }
        let parent = root.map { String(cString: $0) } ?? "/tmp"
        self.path = "\(parent)/muster-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    /// Writes a file, with the folders above it.
    /// - Returns: Its path.
    @discardableResult
    package func write(_ name: String, _ text: String) throws -> String {
        let path = "\(self.path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
        return path
    }

    package func append(_ name: String, _ text: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: "\(self.path)/\(name)"))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }

    package func text(_ name: String) -> String? {
        try? String(contentsOfFile: "\(self.path)/\(name)", encoding: .utf8)
    }
}
