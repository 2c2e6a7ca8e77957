import Foundation
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// Where steps run: in the user's own folder, or in copies of the code package.
@Suite(.serialized) struct PlaceTests {
    /// A sandbox with a project in `sub`, where a file is that no package takes.
    private func project() throws -> (Sandbox, flow: String) {
        let sandbox = try Sandbox()
        let sub = "\(sandbox.folder)/sub"
        try FileManager.default.copyItem(atPath: "\(PythonFlowTests.root)/Tests/PythonFlows/place", toPath: sub)
        try? FileManager.default.removeItem(atPath: "\(sub)/__pycache__")
        try Data("ignored.bin\n".utf8).write(to: URL(filePath: "\(sub)/.gitignore"))
        try Data("large".utf8).write(to: URL(filePath: "\(sub)/ignored.bin"))
        return (sandbox, "\(sub)/flow.py")
    }

    private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// Every file of the store's code packages with its contents.
    private func packages(_ sandbox: Sandbox, at store: String? = nil) throws -> [String: String] {
        let root = StoreLayout(root: store ?? sandbox.store).packages
        let paths = try FileManager.default.subpathsOfDirectory(atPath: root)
        return Dictionary(paths.map { ($0, self.text("\(root)/\($0)") ?? "") }) { $1 }
    }

    @Test("A step runs on the source as it lies there: it finds what no package takes, and what it writes stays")
    func inPlace() async throws {
        let (sandbox, flow) = try self.project()
        let first = try await sandbox.muster(["run", flow])
        #expect(first.status == .exited(0), "\(first)")
        #expect(
            first.all.contains(
                "PLACE elsewhere True ['table.csv'] True [(True, False)] ['from node 0', 'from node 0']"),
            "\(first)")
        #expect(first.all.contains("FOLDER \(sandbox.folder)"), "\(first)")
        #expect(self.text("\(sandbox.folder)/plot.txt") == "a plot")
        #expect(self.text("\(sandbox.folder)/sub/results/table.csv") == "a,b\n1,2\n")
        #expect(!first.all.contains("has changed since"), "results are no source: \(first)")
        let kept = try self.packages(sandbox)
        #expect(kept.values.contains("a,b\n") && !kept.values.contains("weights"), "\(kept.keys)")
        let second = try await sandbox.muster(["run", "flow.py"], folder: "\(sandbox.folder)/sub")
        #expect(second.all.contains("PLACE source True ['checkpoint.bin', 'table.csv'] True"), "\(second)")
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("With --isolated each node has a copy of its own, and neither the project nor the store changes")
    func isolated() async throws {
        let (sandbox, flow) = try self.project()
        for _ in 0..<2 {
            let finished = try await sandbox.muster(["run", flow, "--isolated", "--change", "beside.py"])
            #expect(finished.status == .exited(0), "\(finished)")
            #expect(
                finished.all.contains(
                    "PLACE source True ['table.csv'] False [(False, False)] ['from node 0', 'from node 0']"),
                "\(finished)")
        }
        #expect(try await sandbox.newest("PlaceFlow").record.isIsolated == true)
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/plot.txt"))
        #expect(self.text("\(sandbox.folder)/sub/results/table.csv") == "a,b\n")
        let names = try FileManager.default.contentsOfDirectory(atPath: sandbox.layout.packages)
        #expect(names.count == 1, "\(names)")
        let kept = try self.packages(sandbox)
        #expect(!kept.keys.contains { $0.contains("__pycache__") || $0.contains("checkpoint") }, "\(kept.keys)")
        #expect(kept.filter { $0.key.hasSuffix("beside.py") }.values.allSatisfy { !$0.contains("CHANGED") })
        #expect(sandbox.scratch.isEmpty)
    }

    @Test("A source that changes during a run is told of once, and steps that start then run what is there")
    func changes() async throws {
        let (sandbox, flow) = try self.project()
        let finished = try await sandbox.muster(["run", flow, "--change", "beside.py", "--max-workers", "2"])
        #expect(finished.all.contains("[(True, True)]"), "\(finished)")
        #expect(
            finished.all.components(separatedBy: "beside.py has changed since the run began").count == 2, "\(finished)")
    }

    @Test("A run is resumed in the folder where that is asked for, on the source of today")
    func resumed() async throws {
        let (sandbox, flow) = try self.project()
        let helper = "\(sandbox.folder)/sub/beside.py"
        _ = try await sandbox.muster(["run", flow])
        try Data("CHANGED = True\n".utf8).write(to: URL(filePath: helper))
        let other = "\(sandbox.folder)/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        let arguments = ["resume", flow, "each", "--store", sandbox.store]
        let resumed = try await sandbox.muster(arguments, folder: other)
        #expect(resumed.status == .exited(0), "\(resumed)")
        #expect(resumed.all.contains("[(False, True)]"), "plot.txt is where start ran: \(resumed)")
        #expect(self.text("\(other)/sent.txt") == "from node 0")
        let isolated = try await sandbox.muster(arguments + ["--isolated"], folder: other)
        #expect(isolated.status == .exited(0), "\(isolated)")
        #expect(try await sandbox.newest("PlaceFlow").record.isIsolated == true)
    }

    @Test("An entrypoint is looked for beside the flow, then where it was started, and is missed in words")
    func entrypoints() async throws {
        let (sandbox, flow) = try self.project()
        try FileManager.default.removeItem(atPath: "\(sandbox.folder)/sub/launched.sh")
        let missing = try await sandbox.muster(["run", flow])
        #expect(missing.status == .exited(1), "\(missing)")
        #expect(missing.all.contains("launched.sh does not exist beside the flow in"), "\(missing)")
        try Data("echo from here\n".utf8).write(to: URL(filePath: "\(sandbox.folder)/launched.sh"))
        let found = try await sandbox.muster(["run", flow])
        #expect(found.status == .exited(0) && found.all.contains("from here"), "\(found)")
    }

    @Test("Every program of a gang that is Python runs on the interpreter that runs the flow, called by its path")
    func interpreter() async throws {
        let sandbox = try Sandbox()
        let project = "\(sandbox.folder)/project"
        try FileManager.default.copyItem(
            atPath: "\(PythonFlowTests.root)/Tests/PythonFlows/interpreter", toPath: project)
        let made = try await self.run(["python3", "-m", "venv", "--without-pip", "v"], in: project, sandbox)
        #expect(made.status == .exited(0), "\(made)")
        // A launcher of the environment's own: it starts one rank here.
        let launcher = "\(project)/v/bin/mpiexec"
        try Data("#!/bin/sh\nshift 2\necho LAUNCHER \"$0\"\nexec \"$@\"\n".utf8).write(to: URL(filePath: launcher))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: launcher)
        let finished = try await self.run(["v/bin/python", "flow.py", "run"], in: project, sandbox)
        #expect(finished.status == .exited(0), "\(finished)")
        let lines = finished.output.split(separator: "\n").filter { $0.contains(" BODY ") || $0.contains(" WORKER ") }
        // Two bodies of torchrun and their workers, DeepSpeed's two, one rank, and twice two plain ones.
        #expect(lines.count >= 11, "\(finished)")
        for line in lines { #expect(line.contains("\(project)/v/bin/python"), "\(line)") }
        #expect(finished.output.contains("LAUNCHER \(launcher)"), "\(finished)")
        let kept = try self.packages(sandbox, at: "\(project)/.muster")
        #expect(!kept.keys.contains { $0.contains("/v/") }, "the environment is no source: \(kept.keys)")
    }

    private func run(_ command: [String], in folder: String, _ sandbox: Sandbox) async throws -> Finished {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MUSTER_") }
        environment["PYTHONPATH"] = "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim"
        environment["MUSTER_COMMAND"] = "\(Sandbox.programs)/muster"
        environment["TMPDIR"] = sandbox.temporary
        let spec = ProcessSpec(
            executable: command[0], arguments: Array(command.dropFirst()), environment: environment,
            workingDirectory: folder, newSession: true)
        return Finished(try await sandbox.reactor.run(spec))
    }

    @Test("A step that runs another flow keeps that flow's code; values of variables are in no store")
    func outer() async throws {
        let sandbox = try Sandbox()
        for name in ["outer", "branches"] {
            try FileManager.default.copyItem(atPath: PythonFlowTests.flow(name), toPath: "\(sandbox.folder)/\(name).py")
        }
        for place in [[], ["--isolated"]] {
            let finished = try await sandbox.muster(
                ["run", "outer.py", "--command", "\(Sandbox.programs)/muster"] + place)
            #expect(finished.status == .exited(0) && finished.all.contains("outer: 4711 4711"), "\(finished)")
            let package = try await sandbox.newest("BranchFlow").record.package
            #expect(FileManager.default.fileExists(atPath: "\(sandbox.layout.packageFolder(package))/branches.py"))
        }
        for name in try FileManager.default.contentsOfDirectory(atPath: sandbox.store) where name.hasPrefix("muster.db")
        {
            let bytes = FileManager.default.contents(atPath: "\(sandbox.store)/\(name)") ?? Data()
            for secret in ["inline-secret", "variable-secret"] {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
            }
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: sandbox.store)
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    /// A new folder whose path has `length` bytes, or a few more where the sandbox's own path is longer.
    private func folder(_ length: Int, in sandbox: Sandbox) throws -> String {
        let folder =
            sandbox.folder + "/" + String(repeating: "d", count: max(1, length - sandbox.folder.utf8.count - 1))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test("A step that is no gang starts a Ray of its own, however long the project's path is", arguments: [54, 150])
    func ray(length: Int) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            ["run", PythonFlowTests.flow("plain_ray")], folder: try self.folder(length, in: sandbox))
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("squares: [0, 1, 4] True"), "\(finished)")
    }

    @Test(
        "The temporary folder is short enough for sockets, however long the project's path is",
        arguments: [35, 54, 150])
    func sockets(length: Int) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(
            ["run", PythonFlowTests.flow("sockets")], folder: try self.folder(length, in: sandbox))
        #expect(finished.all.contains("shared: 3 True"), "\(finished)")
        #expect(finished.all.contains("left for sockets: True 0o700"), "\(finished)")
    }

    @Test("A flow in Swift runs in place too, and in copies with --isolated", arguments: [false, true])
    func swift(isIsolated: Bool) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("PlaceFlow", isIsolated ? ["--isolated"] : [])
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("place: \(isIsolated ? "nothing" : "written by start")"), "\(finished)")
        #expect(FileManager.default.fileExists(atPath: "\(sandbox.folder)/left.txt") == !isIsolated)
        #expect(finished.all.contains("beside: true"), "\(finished)")
    }
}
