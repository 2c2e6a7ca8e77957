import Foundation
import MusterProcess
import Testing

@testable import MusterPython

@Suite struct InterpreterSearchTests {
    private func search(_ bench: Workbench, path: String) -> InterpreterSearch {
        let environment = ["PATH": path, "HOME": "\(bench.root)/home"]
        return InterpreterSearch(
            probe: InterpreterProbe(
                folder: "\(bench.root)/interpreters", reactor: bench.reactor, environment: environment),
            environment: environment)
    }

    /// A program that says of itself what a Python of that version would, and counts its starts.
    private func fake(_ name: String, version: String, in bench: Workbench) throws -> String {
        let folder = "\(bench.root)/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/\(name)"
        let answer = #"{"path": "\#(path)", "version": "\#(version)", "abi": "a", "platform": "p", "prefix": "/p"}"#
        try "#!/bin/sh\necho start >> \(folder)/starts\necho '\(answer)'\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return folder
    }

    @Test("The python3 of the PATH is taken when nothing is asked for, and it describes itself")
    func any() async throws {
        let bench = try Workbench()
        let found = try await self.search(bench, path: "/usr/bin:/bin").find(nil)
        #expect(found.version.hasPrefix("3."))
        #expect(FileManager.default.isExecutableFile(atPath: found.path))
        #expect(found.abi.contains("cpython"))
    }

    @Test(
        "A version is found under whatever name it goes",
        arguments: [("python3.99", "3.99"), ("python3", "3.99.4"), ("python", "3.99")])
    func version(name: String, wanted: String) async throws {
        let bench = try Workbench()
        let folder = try self.fake(name, version: "3.99.4", in: bench)
        #expect(try await self.search(bench, path: folder).find(wanted).version == "3.99.4")
    }

    @Test("3.9 is not 3.99")
    func prefix() async throws {
        let bench = try Workbench()
        let folder = try self.fake("python3", version: "3.99.4", in: bench)
        let error = await #expect(throws: PythonError.self) { try await self.search(bench, path: folder).find("3.9") }
        #expect(
            error?.message
                == "Python 3.9 is not on this machine (found: 3.99.4); install it, or ask for one that is there")
    }

    @Test("A version that pyenv holds is found although it is not the active one")
    func pyenv() async throws {
        let bench = try Workbench()
        let folder = "\(bench.root)/home/.pyenv/versions/3.98.1/bin"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let made = try self.fake("python", version: "3.98.1", in: bench)
        try FileManager.default.moveItem(atPath: "\(made)/python", toPath: "\(folder)/python")
        // The program answers with the path at which it was made.
        try FileManager.default.createSymbolicLink(atPath: "\(made)/python", withDestinationPath: "\(folder)/python")
        #expect(try await self.search(bench, path: "/nowhere").find("3.98").version == "3.98.1")
    }

    @Test(
        "No Python, a wrong name, a wrong path and a wrong version are refused by name",
        arguments: [nil, "snake", "/no/such/python", "/bin/true", "3.x", ">=3.9"])
    func refused(wanted: String?) async throws {
        let bench = try Workbench()
        let error = await #expect(throws: PythonError.self) {
            try await self.search(bench, path: "/nowhere").find(wanted)
        }
        #expect(error?.code == .noInterpreter)
        #expect(error?.message.contains(wanted ?? "python3") == true)
    }

    @Test("An interpreter that has not changed is not started again; one that has is")
    func memory() async throws {
        let bench = try Workbench()
        let folder = try self.fake("python3", version: "3.99.4", in: bench)
        for _ in 0..<3 { _ = try await self.search(bench, path: folder).find(nil) }
        #expect(try String(contentsOfFile: "\(folder)/starts", encoding: .utf8) == "start\n")
        _ = try self.fake("python3", version: "3.100.0", in: bench)
        #expect(try await self.search(bench, path: folder).find(nil).version == "3.100.0")
    }
}
