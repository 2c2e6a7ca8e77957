import Foundation
import MusterModel
import MusterStore
import Testing

@Suite struct CodePackageTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-package-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(folder)/flow", withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func write(_ text: String, to path: String) throws {
        let folder = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    @Test("A package holds the flow's files, and not its caches, its repository and what it ignores")
    func contents() throws {
        try self.withFolder { folder in
            let flow = "\(folder)/flow"
            for path in [
                "train.py", "lib/model.py", "data/small.csv", ".git/config", "__pycache__/x.pyc", ".venv/bin/python",
                "logs/today.log", "notes.tmp", "keep.tmp",
            ] { try self.write(path, to: "\(flow)/\(path)") }
            try self.write("*.tmp\n!keep.tmp\n/logs/\n# a comment\n", to: "\(flow)/.gitignore")
            try self.write("outside", to: "\(folder)/secret")
            try FileManager.default.createSymbolicLink(atPath: "\(flow)/leak", withDestinationPath: "../secret")
            let package = try CodePackage(folder: flow)
            #expect(package.files.map(\.path) == [".gitignore", "data/small.csv", "keep.tmp", "lib/model.py", "train.py"])
            #expect(package.notes.count == 1 && package.notes[0].contains("leak"))
        }
    }

    @Test("The same files are kept once; a changed one makes another package")
    func snapshots() throws {
        try self.withFolder { folder in
            let layout = StoreLayout(root: "\(folder)/.muster")
            try layout.prepare()
            try self.write("print(1)", to: "\(folder)/flow/a.py")
            let first = try CodePackage(folder: "\(folder)/flow").snapshot(in: layout)
            #expect(try CodePackage(folder: "\(folder)/flow").snapshot(in: layout) == first)
            try self.write("print(2)", to: "\(folder)/flow/a.py")
            let second = try CodePackage(folder: "\(folder)/flow").snapshot(in: layout)
            #expect(second != first)
            let kept = try String(contentsOfFile: "\(layout.packageFolder(first))/a.py", encoding: .utf8)
            #expect(kept == "print(1)")
        }
    }
}
