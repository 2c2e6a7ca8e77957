import FoundationEssentials
import Testing

@testable import Muster

@Suite struct MusterCommandTests {
    @Test(
        "Every verb but describe and step is handed over with the program's own path",
        arguments: [
            (["run", "--epochs", "3"], ["run", "--program", "/a/flow", "--epochs", "3"]),
            (["show"], ["show", "--program", "/a/flow"]), (["--help"], ["--help"]), ([], ["--help"]),
        ])
    func arguments(given: [String], handedOver: [String]) {
        #expect(MusterCommand.arguments(for: given, program: "/a/flow") == handedOver)
    }

    @Test("What goes on after a failure says how the program was called")
    func calledAs() {
        let resume = MusterCommand.arguments(for: ["resume", "train"], program: "/a/flow", calledAs: "./flow")
        #expect(resume == ["resume", "--program", "/a/flow", "--called-as=./flow", "train"])
        #expect(
            MusterCommand.arguments(for: ["show"], program: "/a/flow", calledAs: "./flow") == [
                "show", "--program", "/a/flow",
            ])
    }

    @Test("muster is the one that is named, else the one beside the program, else the one on PATH")
    func find() throws {
        let folder = "/tmp/muster-find-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for place in ["beside", "path"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: "\(folder)/\(place)/muster"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(place)/muster")
        }
        let path = ["PATH": "/none:\(folder)/path"]
        #expect(MusterCommand.find("\(folder)/beside/flow", path) == "\(folder)/beside/muster")
        #expect(MusterCommand.find("\(folder)/other/flow", path) == "\(folder)/path/muster")
        #expect(MusterCommand.find("\(folder)/other/flow", ["PATH": "/none"]) == nil)
        #expect(MusterCommand.find("\(folder)/beside/flow", ["MUSTER_COMMAND": "/x"]) == "/x")
    }
}
