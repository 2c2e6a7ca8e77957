import Foundation
import MusterSystem

/// A folder for one test, removed with the value.
final class TestFolder: Sendable {
    let path = "/tmp/ms-\(UInt32.random(in: 0 ... .max))"

    init() throws { try Folder.make(self.path) }

    deinit { _ = FolderRemoval.remove(self.path) }

    func file(_ name: String) -> String { "\(self.path)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: self.file(name)))
    }
}
