import Foundation
import Glibc
import MusterTestSupport
import Testing

@testable import MusterAgent

@Suite struct ExtensionFolderTests {
    private let sandbox: TestFolder

    init() throws {
        self.sandbox = try TestFolder()
        for name in ["ext/op/lock", "ext/py311_cpu/op/lock", "ext/op/lock.txt", "ext/lock"] {
            try self.sandbox.write(name, "")
        }
    }

    private var folder: String { "\(self.sandbox.path)/ext" }

    private func use() throws -> ExtensionFolder { try #require(ExtensionFolder(self.folder, isOwn: true)) }

    @Test("Locks that nobody holds are removed, at both places where torch puts them, and nothing else")
    func dead() throws {
        _ = try self.use()
        #expect(self.sandbox.text("ext/op/lock") == nil)
        #expect(self.sandbox.text("ext/py311_cpu/op/lock") == nil)
        #expect(self.sandbox.text("ext/op/lock.txt") != nil)
        #expect(self.sandbox.text("ext/lock") != nil)
    }

    @Test("A lock that a process has open stays")
    func open() throws {
        let descriptor = Glibc.open("\(self.folder)/op/lock", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        _ = try self.use()
        #expect(self.sandbox.text("ext/op/lock") != nil)
        #expect(self.sandbox.text("ext/py311_cpu/op/lock") == nil)
    }

    @Test("While another one uses the folder all locks stay, whoever can be seen")
    func inUse() throws {
        let first = try self.use()
        try self.sandbox.write("ext/op/lock", "")
        let second = try self.use()
        #expect(self.sandbox.text("ext/op/lock") != nil)
        withExtendedLifetime((first, second)) {}
    }

    @Test(
        "The place is beside an environment of Muster's, in the cache for other interpreters, and nowhere without a home"
    )
    func place() throws {
        try self.sandbox.write("env/muster.json", "{}")
        let own = "\(self.sandbox.path)/env"
        #expect(ExtensionFolder.place(python: "\(own)/bin/python", environment: [:]) == "\(own)/torch_extensions")
        let home = ["HOME": "/home/me", "PATH": "/no"]
        #expect(
            ExtensionFolder.place(python: "/opt/venv/bin/python", environment: home)
                == "/home/me/.cache/muster/torch_extensions/opt-venv-bin-python")
        #expect(ExtensionFolder.place(python: nil, environment: home) == nil)
        #expect(ExtensionFolder.place(python: "/opt/venv/bin/python", environment: ["HOME": "here"]) == nil)
    }
}
