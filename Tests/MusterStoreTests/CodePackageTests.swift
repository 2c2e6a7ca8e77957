import Foundation
import Glibc
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

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("A package holds the flow's files, and not its caches, its repository and what it ignores")
    func contents() throws {
        try self.withFolder { folder in
            let flow = "\(folder)/flow"
            for path in [
                "train.py", "lib/model.py", "data/small.csv", ".git/config", "__pycache__/x.pyc", ".venv/bin/python",
                "logs/today.log", "notes.tmp", "keep.tmp", "vendor/code.py", "vendor/.git",
                "vendor/out.log",
            ] { try self.write(path, to: "\(flow)/\(path)") }
            try self.write("*.tmp\n!keep.tmp\n/logs/\n# a comment\n", to: "\(flow)/.gitignore")
            try self.write("*.log\n", to: "\(flow)/vendor/.gitignore")
            try self.write("outside", to: "\(folder)/secret")
            try self.link("\(flow)/leak", to: "../secret")
            let package = try CodePackage(folder: flow)
            #expect(
                package.files.map(\.path) == [
                    ".gitignore", "data/small.csv", "keep.tmp", "lib/model.py", "train.py", "vendor/.gitignore",
                    "vendor/code.py",
                ])
            #expect(package.notes.count == 1 && package.notes[0].contains("leak is a link that leaves"))
        }
    }

    @Test("Environments, caches and stores stay out by what they are, whatever they are called")
    func tools() throws {
        try self.withFolder { folder in
            let flow = "\(folder)/flow"
            for path in [
                "v/pyvenv.cfg", "v/lib/a.py", "conda/conda-meta/history", "conda/lib/b.py", "results/muster.db",
                "results/packages/x/c.py", "lib/python3.11/site-packages/d.py", "deep/e/pyvenv.cfg", "deep/e/e.py",
                "js/node_modules/f.js", "tagged/CACHEDIR.TAG", "flow.py",
            ] { try self.write("x", to: "\(flow)/\(path)") }
            try self.write("Signature: 8a477f597d28d172789f06886806bc55\n", to: "\(flow)/target/CACHEDIR.TAG")
            try self.write("x", to: "\(flow)/target/debug/g")
            let package = try CodePackage(folder: flow)
            #expect(
                package.files.map(\.path) == ["flow.py", "tagged/CACHEDIR.TAG"], "a tag without the signature is none")
            #expect(package.notes == [])
        }
    }

    @Test("Links within the folder and empty folders are kept; what is left out by its kind is told")
    func linksAndFolders() throws {
        try self.withFolder { folder in
            let flow = "\(folder)/flow"
            for path in ["v1/a.txt", "deep/b/c.txt", "ignored/data.csv", ".gitignore"] {
                try self.write(path == ".gitignore" ? "ignored/\n" : path, to: "\(flow)/\(path)")
            }
            try FileManager.default.createDirectory(atPath: "\(flow)/empty", withIntermediateDirectories: true)
            try self.link("\(flow)/latest", to: "v1")
            try self.link("\(flow)/deep/b/absolute", to: "\(flow)/v1/a.txt")
            try self.link("\(flow)/deep/top", to: "..")
            try self.link("\(flow)/data.csv", to: "ignored/data.csv")
            try self.link("\(flow)/gone", to: "ignored")
            try self.link("\(flow)/dangling", to: "nothing")
            try self.link("\(flow)/round", to: "round")
            #expect(mkfifo("\(flow)/pipe", 0o600) == 0)
            let package = try CodePackage(folder: flow)
            #expect(
                package.links.map { "\($0.path) \($0.target)" }.sorted()
                    == ["deep/b/absolute ../../v1/a.txt", "deep/top ..", "latest v1"])
            #expect(package.files.map(\.path) == [".gitignore", "data.csv", "deep/b/c.txt", "v1/a.txt"])
            #expect(
                package.notes.map { String($0.prefix { $0 != " " }) }.sorted() == [
                    "dangling", "gone", "pipe", "round",
                ],
                "\(package.notes)")

            let layout = StoreLayout(root: "\(folder)/.muster")
            try layout.prepare()
            let copy = layout.packageFolder(try package.snapshot(in: layout))
            #expect(try String(contentsOfFile: "\(copy)/latest/a.txt", encoding: .utf8) == "v1/a.txt")
            #expect(try String(contentsOfFile: "\(copy)/deep/b/absolute", encoding: .utf8) == "v1/a.txt")
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(copy)/empty") == [])
            #expect(package.hasFile("latest/a.txt") && package.hasFile("./v1/a.txt") && !package.hasFile("pipe"))
        }
    }

    @Test("A copy has at most the permissions of its source, and files of secrets are taken when somebody says so")
    func modes() throws {
        try self.withFolder { folder in
            let flow = "\(folder)/flow"
            for (path, mode) in [
                ("key.txt", 0o600), ("tool", 0o750), ("plain.py", 0o644), (".env", 0o600), ("in/x.py", 0o666),
            ] {
                try self.write(path, to: "\(flow)/\(path)")
                chmod("\(flow)/\(path)", mode_t(mode))
            }
            try self.write("an example", to: "\(flow)/.env.example")
            chmod("\(flow)/in", 0o700)
            chmod(flow, 0o750)
            let layout = StoreLayout(root: "\(folder)/.muster")
            try layout.prepare()
            let package = try CodePackage(folder: flow)
            #expect(package.files.map(\.path) == [".env.example", "in/x.py", "key.txt", "plain.py", "tool"])
            #expect(package.secrets.count == 1 && package.secrets[0].hasPrefix(".env stays out"))
            let copy = layout.packageFolder(try package.snapshot(in: layout))
            for (path, most) in [("key.txt", 0o400), ("tool", 0o550), ("plain.py", 0o444), ("in", 0o700), ("", 0o750)] {
                let mode = self.mode("\(copy)/\(path)")
                #expect(mode & ~mode_t(most) == 0 && mode & 0o400 != 0, "\(path) \(String(mode, radix: 8))")
            }
            chmod("\(flow)/plain.py", 0o600)
            let narrower = layout.packageFolder(try CodePackage(folder: flow).snapshot(in: layout))
            #expect(narrower != copy && self.mode("\(narrower)/plain.py") == 0o400, "a wider copy is not taken for it")

            try self.write("!.env\n", to: "\(flow)/.musterignore")
            let asked = try CodePackage(folder: flow)
            #expect(asked.files.contains { $0.path == ".env" && $0.mode == 0o400 } && asked.secrets.isEmpty)
        }
    }

    @Test("A new store is its user's alone, unless it is to be shared")
    func stores() throws {
        try self.withFolder { folder in
            let own = StoreLayout(root: "\(folder)/own")
            try own.prepare()
            #expect(self.mode(own.root) == 0o700)
            try own.prepare(isShared: true)
            let mask = umask(0)
            umask(mask)
            #expect(self.mode(own.root) == 0o777 & ~mask)
            let shared = StoreLayout(root: "\(folder)/shared")
            try shared.prepare(isShared: true)
            #expect(self.mode(shared.root) == 0o777 & ~mask)
            try shared.prepare()
            #expect(self.mode(shared.root) == 0o777 & ~mask, "what is there stays as it is")
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
            #expect(try CodePackage(folder: "\(folder)/flow").digest() == first)
            try self.write("print(2)", to: "\(folder)/flow/a.py")
            let second = try CodePackage(folder: "\(folder)/flow").snapshot(in: layout)
            #expect(second != first)
            let kept = try String(contentsOfFile: "\(layout.packageFolder(first))/a.py", encoding: .utf8)
            #expect(kept == "print(1)")
        }
    }
}
