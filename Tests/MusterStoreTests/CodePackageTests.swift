import Foundation
import MusterStore
import Testing

@Suite struct CodePackageTests {
    private let folder: TemporaryFolder
    private var flow: String { "\(self.folder.path)/flow" }

    init() throws { self.folder = try TemporaryFolder() }

    @Test("A package holds the flow's files, and not what tools made or .gitignore names")
    func files() throws {
        for name in [
            "flow/train.py", "flow/lib/model.py", "flow/.git/config", "flow/.venv/bin/x", "flow/lib/__pycache__/m.pyc",
            "flow/data/big.csv", "flow/notes.txt", "flow/build/out", "flow/.muster/muster.db",
        ] { _ = try self.folder.write(name, name) }
        _ = try self.folder.write("flow/.gitignore", "# data\n/data/\n*.txt\nbuild/\n")
        #expect(try CodePackage(folder: self.flow).files.map(\.path) == [".gitignore", "lib/model.py", "train.py"])
    }

    @Test("A snapshot is made once per content, and another content has another digest")
    func snapshots() throws {
        let file = try self.folder.write("flow/train.py", "one")
        let layout = StoreLayout(root: "\(self.folder.path)/.muster")
        try layout.prepare()
        let first = try CodePackage(folder: self.flow).snapshot(in: layout)
        #expect(try CodePackage(folder: self.flow).snapshot(in: layout) == first)
        try Data("two".utf8).write(to: URL(filePath: file))
        let second = try CodePackage(folder: self.flow).snapshot(in: layout)
        #expect(second != first)
        #expect(try String(contentsOfFile: "\(layout.packageFolder(first))/train.py", encoding: .utf8) == "one")
        #expect(try FileManager.default.contentsOfDirectory(atPath: layout.incoming) == [])
    }

    @Test("A link that leaves the folder stays out and is told")
    func links() throws {
        _ = try self.folder.write("flow/train.py", "")
        _ = try self.folder.write("secret", "")
        try FileManager.default.createSymbolicLink(atPath: "\(self.flow)/out", withDestinationPath: "\(self.folder.path)/secret")
        let package = try CodePackage(folder: self.flow)
        #expect(package.files.map(\.path) == ["train.py"])
        #expect(package.notes.count == 1)
    }
}
