import Foundation
import MusterModel
import MusterProcess
import Testing

/// Flows that are named by their package: `muster` builds them first.
@Suite struct PackageTests {
    @Test("A folder is built and its only program run; a product's name is enough inside the package")
    func folder() async throws {
        let sandbox = try Sandbox()
        try self.write(sandbox, source: Self.source)
        let byFolder = try await sandbox.muster(["run", "\(sandbox.folder)/package"])
        #expect(byFolder.status == .exited(0), "\(byFolder)")
        let (record, machine) = try await sandbox.newest("Hand")
        #expect(record.verdict == .succeeded)
        #expect(machine.tasks.map(\.step) == ["start", "end"])
        let inside = try await sandbox.muster(["show", "hand"], folder: "\(sandbox.folder)/package/Sources")
        #expect(inside.status == .exited(0) && inside.output.contains("start"), "\(inside)")
        let unknown = try await sandbox.muster(["show", "hnad"], folder: "\(sandbox.folder)/package")
        #expect(unknown.status != .exited(0))
        #expect(unknown.errors.contains("hand"), "\(unknown)")
    }

    @Test("A package that does not compile is refused with the compiler's own words")
    func broken() async throws {
        let sandbox = try Sandbox()
        try self.write(sandbox, source: "let answer: Int = \"forty-two\"\n")
        let finished = try await sandbox.muster(["run", "\(sandbox.folder)/package"])
        #expect(finished.status == .exited(2), "\(finished)")
        #expect(finished.errors.contains("cannot convert value"), "\(finished)")
        #expect(finished.errors.contains("could not be built"), "\(finished)")
    }

    private func write(_ sandbox: Sandbox, source: String) throws {
        let sources = "\(sandbox.folder)/package/Sources/hand"
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        try Data(source.utf8).write(to: URL(filePath: "\(sources)/main.swift"))
        try Data(Self.package.utf8).write(to: URL(filePath: "\(sandbox.folder)/package/Package.swift"))
    }

    static let package = """
        // swift-tools-version: 6.0
        import PackageDescription
        let package = Package(name: "hand", targets: [.executableTarget(name: "hand")])

        """

    /// A flow program that is written by hand against the step protocol: nothing of Muster's is needed for one.
    static let source = ##"""
        import Glibc

        let arguments = CommandLine.arguments
        if arguments[1] == "describe" {
            let folder = #filePath.dropLast("/main.swift".count)
            let settings = #"{"retry": {"times": 0, "minutesBetween": 0}, "environment": {}, "isGang": false}"#
            let rest = #""settings": \#(settings), "decorators": [], "entrypoints": []"#
            let steps = #"{"name": "start", "edges": [{"step": {"to": "end"}}], \#(rest)}, {"name": "end", "edges": [], \#(rest)}"#
            print(#"{"version": 1, "name": "Hand", "language": "swift", "folder": "\#(folder)", "parameters": [],"#)
            print(#" "artifacts": [], "steps": [\#(steps)]}"#)
        } else {
            let transition = arguments[2] == "start" ? #"{"step": {"to": "end"}}"# : #"{"end": {}}"#
            let file = fopen(arguments[4] + "/result.json", "w")!
            fputs(#"{"version": 1, "transition": \#(transition), "artifacts": {}, "unchanged": {}}"#, file)
            fclose(file)
        }

        """##
}
