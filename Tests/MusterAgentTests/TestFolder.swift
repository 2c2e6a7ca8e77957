import Foundation

/// A folder that goes with the test.
final class TestFolder {
    let path: String

    init() throws {
        self.path = "\(NSTemporaryDirectory())muster-\(UUID().uuidString.prefix(8))".replacingOccurrences(
            of: "//", with: "/")
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func write(_ name: String, _ text: String) throws {
        let path = "\(self.path)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func append(_ name: String, _ text: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: "\(self.path)/\(name)"))
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
    }

    func text(_ name: String) -> String? { try? String(contentsOfFile: "\(self.path)/\(name)", encoding: .utf8) }
}
