import Foundation
import Testing

@testable import MusterPython

@Suite struct PortableProgramTests {
    /// A file of an executable: its header, one segment that holds all of it, then what `segments` say.
    private func program(loader: String?, libraries: [String]) -> [UInt8] {
        func bytes(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let address = 0x40_0000
        let texts: [UInt8] = [0] + libraries.flatMap { Array($0.utf8) + [UInt8(0)] }
        let path: [UInt8] = loader.map { Array($0.utf8) + [0] } ?? []
        let count = loader == nil ? 1 : 3
        let textStart = 64 + 56 * count
        let pathStart = textStart + texts.count
        let dynamicStart = pathStart + path.count
        var offset = 1
        var dynamic: [UInt8] = []
        for library in libraries {
            dynamic += bytes(1, 8) + bytes(offset, 8)
            offset += library.utf8.count + 1
        }
        dynamic += bytes(5, 8) + bytes(address + textStart, 8) + bytes(0, 16)
        func segment(_ type: Int, _ start: Int, _ size: Int) -> [UInt8] {
            bytes(type, 4) + bytes(5, 4) + bytes(start, 8) + bytes(address + start, 8) + bytes(address + start, 8)
                + bytes(size, 8) + bytes(size, 8) + bytes(16, 8)
        }
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 26)
        file += bytes(64, 8) + [UInt8](repeating: 0, count: 14) + bytes(56, 2) + bytes(count, 2) + bytes(0, 6)
        file += segment(1, 0, dynamicStart + dynamic.count)
        if loader != nil { file += segment(3, pathStart, path.count) + segment(2, dynamicStart, dynamic.count) }
        return file + texts + path + dynamic
    }

    private func obstacle(_ bytes: [UInt8]) throws -> String? {
        let file = FileManager.default.temporaryDirectory.appending(path: "muster-elf-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        return PortableProgram.obstacle(file.path)
    }

    @Test("A static program travels, and one that needs nothing but glibc; what else one needs is named")
    func programs() throws {
        let loader = "/lib64/ld-linux-x86-64.so.2"
        #expect(try self.obstacle(self.program(loader: nil, libraries: [])) == nil)
        #expect(try self.obstacle(self.program(loader: loader, libraries: ["libc.so.6", "libgcc_s.so.1"])) == nil)
        #expect(
            try self.obstacle(self.program(loader: loader, libraries: ["libbz2.so.1.0", "libc.so.6", "libzstd.so.1"]))
                == "it needs libbz2.so.1.0, libzstd.so.1 of this machine")
        #expect(
            try self.obstacle(self.program(loader: "/nix/store/x/ld-linux-x86-64.so.2", libraries: []))
                == "it is loaded by /nix/store/x/ld-linux-x86-64.so.2")
        #expect(try self.obstacle(Array("#!/bin/sh\nexec uv".utf8)) == "it is a script")
        #expect(try self.obstacle([]) == "it is no program of Linux")
        #expect(PortableProgram.obstacle("/nowhere/uv") == "it cannot be read")
    }

    @Test("A program that is cut off anywhere is read without a trap")
    func cut() {
        let whole = self.program(loader: "/lib64/ld-linux-x86-64.so.2", libraries: ["libc.so.6"])
        for length in whole.indices { _ = ELFProgram(Array(whole.prefix(length))) }
        for index in whole.indices {
            var bytes = whole
            bytes[index] = 0xff
            _ = ELFProgram(bytes)
        }
    }

    @Test("The uv of the tests travels; one that does not is refused where it is named")
    func uv() async throws {
        let bench = try Workbench()
        #expect(PortableProgram.obstacle(try await bench.uv()) == nil)
        let script = "\(bench.root)/uv"
        try Data("#!/bin/sh\nexit 0\n".utf8).write(to: URL(filePath: script))
        chmod(script, 0o755)
        let python = PythonInterpreter(path: "/usr/bin/python3", version: "3", abi: "", platform: "", prefix: "/usr")
        let tool = UVTool(
            cache: bench.cache, reactor: bench.reactor,
            environment: try await bench.environment(["MUSTER_UV": script]))
        #expect(try await tool.path(python: python) { _ in } == script)
        let error = await #expect(throws: PythonError.self) {
            try await tool.path(python: python, travels: true) { _ in }
        }
        #expect(error?.code == .tool)
        #expect(error?.message.contains("\(script), which cannot run on the nodes") == true)
    }

    @Test("A wheel's name says its project and version")
    func wheels() {
        #expect(WheelFile("six-1.16.0-py2.py3-none-any.whl")?.name == "six")
        #expect(WheelFile("a_b-1.0_1-2-cp311-abi3-manylinux_2_17_x86_64.whl")?.version == "1.0-1")
        for name in ["six-1.16.0.tar.gz", "six.whl", "a/b-1-py3-none-any.whl", "a--py3-none-any.whl"] {
            #expect(WheelFile(name) == nil)
        }
    }

    @Test("uv's settings are told to pip in its own words")
    func pip() {
        let variables = PipTool.variables([
            "UV_INDEX_URL": "https://a/simple", "UV_INDEX": "own=https://b/simple https://c/simple?x=1",
            "UV_FIND_LINKS": "/one,/two", "PIP_INDEX_URL": "https://other",
        ])
        #expect(variables["PIP_INDEX_URL"] == "https://a/simple")
        #expect(variables["PIP_EXTRA_INDEX_URL"] == "https://b/simple https://c/simple?x=1")
        #expect(variables["PIP_FIND_LINKS"] == "/one /two")
        #expect(PipTool.variables(["PIP_INDEX_URL": "https://mine"])["PIP_INDEX_URL"] == "https://mine")
    }
}
