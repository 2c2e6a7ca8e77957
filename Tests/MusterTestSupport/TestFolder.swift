import Foundation

/// An empty folder for one test, removed with this value.
package final class TestFolder: Sendable {
    package let path: String

    package init() throws {
        // /tmp is a link on some systems, and programs say the path that they see.
        let root = NSTemporaryDirectory().withCString { realpath($0, nil) }
        defer { free(root) }
        let parent = root.map { String(cString: $0) } ?? "/tmp"
        self.path = "\(parent)/muster-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }
}
