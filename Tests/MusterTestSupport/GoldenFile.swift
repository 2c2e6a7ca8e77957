import Foundation
package import Testing

/// Compares with a file below `Tests/Golden`; `MUSTER_UPDATE_GOLDEN=1` writes it instead.
package func expectGolden(_ name: String, _ text: String, location: SourceLocation = #_sourceLocation) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden").appending(path: name)
    if ProcessInfo.processInfo.environment["MUSTER_UPDATE_GOLDEN"] == "1" {
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return
    }
    let expected = try String(contentsOf: file, encoding: .utf8)
    #expect(
        text == expected, "differs from \(file.path); run with MUSTER_UPDATE_GOLDEN=1 if that is meant",
        sourceLocation: location)
}
