import Foundation
import MusterModel
import MusterProcess
import Testing

@testable import MusterCommandLine

/// A folder with programs that pretend to be flows.
private final class Workshop {
    let path = "\(NSTemporaryDirectory())muster-cli-\(UUID().uuidString)".replacingOccurrences(of: "//", with: "/")

    init() throws { try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: self.path) }

    func file(_ name: String, _ text: String, mode: Int = 0o755) throws -> String {
        let path = "\(self.path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    func flow(_ manifest: FlowManifest) throws -> String {
        let text = String(decoding: try JSONEncoder().encode(manifest), as: UTF8.self)
        return try self.file("flow", "#!/bin/sh\ncat <<'END'\n\(text)\nEND\n")
    }
}

@Suite struct BadInputTests {
    private let shop: Workshop
    private let reactor: ProcessReactor
    private let environment = ["PATH": "/usr/bin:/bin"]

    init() throws {
        self.shop = try Workshop()
        self.reactor = try ProcessReactor()
    }

    @Test(
        "A flow program that does not describe itself is named with what it did",
        arguments: [
            ("echo 'cannot open model' >&2; exit 3", "exit code 3", "cannot open model"),
            ("kill -ILL $$", "signal 4", "describe itself"),
            (
                "echo '>>Fatal error: no flow' >&2; for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo r$i >&2; done; exit 1",
                "Fatal error: no flow", "exit code 1"
            ),
            ("echo hello", "no flow program", "hello"),
            ("echo '{\"version\": 99}'", "version 99", "one release"),
            ("echo '{\"version\": 1}'", "cannot be read", "name"),
            ("sleep 600", "within", "at once"),
            ("exec yes", "no flow program", "printed more than 1048576 bytes"),
            ("yes >&2 & exec yes", "no flow program", "printed more than 1048576 bytes"),
        ])
    func describe(script: String, words: String, more: String) async throws {
        let program = try self.shop.file("flow", "#!/bin/sh\n\(script)\n")
        var description = FlowDescription(
            reactor: self.reactor, environment: self.environment, deadline: script.hasPrefix("sleep") ? 0.2 : 30)
        description.limit = 1 << 20
        let subject = description
        let error = await #expect(throws: CommandFailure.self) { try await subject.manifest(of: [program]) }
        #expect(error?.reason == .usage)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(more) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(program) == true)
    }

    @Test("A manifest that is printed well is read")
    func manifest() async throws {
        let manifest = FlowManifest(
            name: "Demo", language: "swift", folder: self.shop.path, steps: [StepManifest(name: "start")])
        let description = FlowDescription(
            reactor: self.reactor, environment: self.environment, deadline: 30)
        #expect(try await description.manifest(of: [self.shop.flow(manifest)]) == manifest)
    }

    @Test("A Python file is run by an interpreter with the front end, which both can be named")
    func pythonFile() async throws {
        let flow = try self.shop.file("flow.py", "", mode: 0o644)
        let frontEnd = "\(self.shop.path)/muster"
        try FileManager.default.createDirectory(atPath: frontEnd, withIntermediateDirectories: true)
        var environment = ["PATH": "/nowhere", "MUSTER_PYTHON": "/opt/python", "MUSTER_PYTHON_FRONT_END": frontEnd]
        func program(_ decorators: [String] = []) async throws -> [String] {
            let locator = FlowLocator(reactor: self.reactor, environment: environment, folder: self.shop.path)
            return try await locator.program(named: flow, program: nil, decorators: decorators)
        }
        let empty = await #expect(throws: CommandFailure.self) { try await program() }
        #expect(empty?.message.contains("does not hold Muster's Python front end") == true)
        for name in ["__main__.py", "launch.py"] { _ = try self.shop.file("muster/\(name)", "") }
        #expect(try await program() == ["/opt/python", "\(frontEnd)/__main__.py", flow])
        #expect(
            try await program(["retry"]) == [
                "/opt/python", "\(frontEnd)/__main__.py", flow, "--with", "retry",
            ])
        environment["MUSTER_PYTHON"] = nil
        let missing = await #expect(throws: CommandFailure.self) { try await program() }
        #expect(missing?.message.contains("there is no python3 on the PATH, which is /nowhere") == true)
    }

    @Test("What stands before a verb is only for Python flows")
    func frontOfSwiftFlow() async throws {
        let program = try self.shop.file("flow", "#!/bin/sh\n")
        let locator = FlowLocator(reactor: self.reactor, environment: self.environment, folder: self.shop.path)
        let error = await #expect(throws: CommandFailure.self) {
            try await locator.program(named: program, program: nil, decorators: ["retry"], isRequired: true)
        }
        #expect(error?.reason == .usage)
        #expect(error?.message.contains("are for Python flows") == true)
    }

    @Test(
        "A flow that cannot be found is refused with what was looked for",
        arguments: [
            ("nosuch", ExitReason.notFound, "no flow 'nosuch'"),
            ("plain.txt", .usage, "not an executable file"), ("flow.swift", .usage, "folder of its package"),
            ("folder", .notFound, "without a Package.swift"),
        ])
    func locate(name: String, reason: ExitReason, words: String) async throws {
        _ = try self.shop.file("flow.py", "", mode: 0o644)
        _ = try self.shop.file("plain.txt", "", mode: 0o644)
        _ = try self.shop.file("flow.swift", "", mode: 0o644)
        try FileManager.default.createDirectory(atPath: "\(self.shop.path)/folder", withIntermediateDirectories: true)
        let locator = FlowLocator(reactor: self.reactor, environment: self.environment, folder: self.shop.path)
        let named = name == "nosuch" ? name : "\(self.shop.path)/\(name)"
        let error = await #expect(throws: CommandFailure.self) { try await locator.program(named: named, program: nil) }
        #expect(error?.reason == reason)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    /// Runs the real program: within this one it would end the orphans of other tests, daemons of theirs included.
    private func muster(_ arguments: [String]) async throws -> MusterProcess.ExitStatus {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let programs =
            ProcessInfo.processInfo.environment["MUSTER_BUILD_FOLDER"] ?? root.appending(path: ".build/debug").path
        let spec = ProcessSpec(
            executable: "\(programs)/muster", arguments: arguments, environment: ProcessInfo.processInfo.environment)
        return try await self.reactor.run(spec).status
    }

    @Test("Exit codes say what was wrong")
    func exitCodes() async throws {
        let start = StepManifest(name: "start", edges: [.step(to: "end")])
        let manifest = FlowManifest(
            name: "Demo", language: "swift", folder: self.shop.path,
            parameters: [ParameterManifest(name: "epochs", kind: .int, defaultValue: "1")],
            steps: [start, StepManifest(name: "end")])
        let flow = try self.shop.flow(manifest)
        let store = "\(self.shop.path)/store"
        #expect(try await self.muster(["show", flow]) == .exited(0))
        #expect(try await self.muster(["check", flow]) == .exited(0))
        #expect(try await self.muster(["--help"]) == .exited(0))
        #expect(try await self.muster(["run", flow, "--help"]) == .exited(0))
        #expect(try await self.muster(["nosuchverb"]) == .exited(2))
        #expect(try await self.muster(["run", flow, "--max-workers", "0"]) == .exited(2))
        #expect(try await self.muster(["run", flow, "--epoch", "5", "--store", store]) == .exited(2))
        #expect(try await self.muster(["run", flow, "--epochs", "many", "--store", store]) == .exited(2))
        #expect(try await self.muster(["list", "--store", store]) == .exited(3))
        #expect(!FileManager.default.fileExists(atPath: store))
        let file = try self.shop.file("file", "")
        #expect(try await self.muster(["run", flow, "--store", file]) == .exited(4))
        var broken = manifest
        broken.steps[0].edges = [.step(to: "ende")]
        #expect(try await self.muster(["check", try self.shop.flow(broken)]) == .exited(2))
    }

    @Test("A database that is none is refused as the store's fault")
    func corruptDatabase() async throws {
        try FileManager.default.createDirectory(atPath: "\(self.shop.path)/store", withIntermediateDirectories: true)
        _ = try self.shop.file("store/muster.db", String(repeating: "not a database ", count: 500))
        #expect(try await self.muster(["list", "--store", "\(self.shop.path)/store"]) == .exited(4))
    }
}
