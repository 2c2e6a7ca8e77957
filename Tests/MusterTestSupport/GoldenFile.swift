import Foundation

/// What `text` differs in from a file below `Tests/Golden`; nil when they are the same.
///
/// `MUSTER_UPDATE_GOLDEN=1` writes the file instead.
package func differenceFromGolden(_ name: String, _ text: String) throws -> String? {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden").appending(path: name)
    if ProcessInfo.processInfo.environment["MUSTER_UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return nil
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    guard text != expected else { return nil }
    return "differs from \(file.path); run with MUSTER_UPDATE_GOLDEN=1 if that is meant:\n\(text)"
}
