import ArgumentParser
import Foundation
import Testing

@testable import MusterCommandLine

/// The files that `muster new` writes; `Tests/new` builds and runs them.
@Suite struct NewFlowTests {
    @Test(
        "The flow is named after its folder, as a type",
        arguments: [
            ("first-flow", "FirstFlow"), ("digits", "DigitsFlow"), ("my_2nd model", "My2ndModelFlow"),
            ("flow", "FlowFlow"),
            ("Data", "DataFlow"),
        ])
    func types(name: String, type: String) throws {
        #expect(try NewFlow(name: name, language: .python, framework: nil, sources: nil).type == type)
    }

    @Test("A name that no type can have is refused", arguments: ["2nd", "…", ""])
    func badNames(name: String) {
        #expect(throws: CommandFailure.self) {
            try NewFlow(name: name, language: .python, framework: nil, sources: nil)
        }
    }

    @Test("Every framework has a flow in both languages, with its script, a README of three lines and a .gitignore")
    func everyFramework() throws {
        #expect(FlowTemplate.frameworks == ["deepspeed", "mpi", "ray", "tensorflow", "torchrun"])
        for framework in FlowTemplate.frameworks.map(Optional.some) + [nil] {
            for language in [FlowTemplate.Language.python, .swift] {
                let files = try NewFlow(
                    name: "first", language: language, framework: framework,
                    sources: language == .swift ? .folder("/muster") : nil
                ).files
                let places = files.map(\.place)
                let source = language == .swift ? "Sources/FirstFlow/FirstFlow.swift" : "flow.py"
                for place in [source, ".gitignore", "README.md"] { #expect(places.contains(place), "\(places)") }
                let flow = try #require(files.first { $0.place == source }).text
                #expect(flow.contains(language == .swift ? "struct FirstFlow {" : "class FirstFlow(FlowSpec):"))
                #expect(files.first { $0.place == "README.md" }?.text.split(separator: "\n").count == 3)
                #expect(files.allSatisfy { !$0.text.isEmpty })
            }
        }
    }

    @Test("A framework without a template is refused with the one that was probably meant")
    func unknownFramework() {
        let error = #expect(throws: CommandFailure.self) { try FlowTemplate(.python, framework: "torchrunn") }
        #expect(error?.message.contains("did you mean 'torchrun'?") == true)
    }

    @Test("The package depends on a source tree by its path, on a repository by its address and this version")
    func dependencies() throws {
        let byPath = FlowPackageText.text(name: "AFlow", scripts: ["train.py"], sources: .folder("/src/my \"muster\""))
        #expect(byPath.contains(#".package(name: "muster", path: "/src/my \"muster\"")"#))
        #expect(byPath.contains(#"exclude: ["train.py"],"#))
        let byAddress = FlowPackageText.text(
            name: "AFlow", scripts: [], sources: .repository(address: "ssh://git@host/fork.git", version: "0.1.0"))
        #expect(byAddress.contains(#".package(url: "ssh://git@host/fork.git", from: "0.1.0")"#))
        #expect(byAddress.contains(#".product(name: "Muster", package: "fork")"#))
        #expect(!byAddress.contains("exclude"))
    }

    @Test("Sources are a source tree or an address, and a folder without them is refused")
    func sources() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        #expect(try MusterSources(root) == .folder(root))
        guard case .repository("file:///muster.git", let version) = try MusterSources("file:///muster.git") else {
            Issue.record("an address is a repository")
            return
        }
        #expect(version.split(separator: ".").count == 3)
        #expect(throws: CommandFailure.self) { try MusterSources("/usr") }
    }

    @Test("A folder that holds something is left alone")
    func occupied() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-new-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var verb = try NewVerb.parse([folder])
        try verb.run()
        let flow = FileManager.default.contents(atPath: "\(folder)/flow.py")
        #expect(flow != nil)
        verb = try NewVerb.parse([folder, "--with", "mpi"])
        #expect(throws: CommandFailure.self) { try verb.run() }
        #expect(FileManager.default.contents(atPath: "\(folder)/flow.py") == flow)
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/pi.c"))
    }
}
