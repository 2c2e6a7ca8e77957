import Foundation
import MusterModel
import MusterObjects
import MusterProcess
import MusterTestSupport
import Testing

/// Steps with packages of their own, on nodes that see nothing but the bucket: the machine of the nodes makes their Python
/// environment. Its folders of the engine's are empty, Muster's cache too.
@Suite(.beside(.radosgw), .timeLimit(.minutes(10))) struct BucketPythonTests {
    private typealias Islands = BucketNodeTests.Islands

    /// Settings of this machine's pip do not matter to nodes.
    private static let plain = ["PIP_CONFIG_FILE": "/dev/null"]
    /// An index that nobody answers for.
    private static let unreachable = plain.merging([
        "UV_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0",
    ]) { $1 }

    private static func islands(nodes: [String: String] = [:]) async throws -> Islands {
        let variables = ProcessInfo.processInfo.environment
        // The home folder of runs whose store is in the bucket; nodes have the same one.
        let home = S3Server.current?.environment["HOME"] ?? ""
        let cache = variables["MUSTER_CACHE"] ?? "\(variables["XDG_CACHE_HOME"] ?? "\(home)/.cache")/muster"
        try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
        return try await Islands(hides: [cache], nodes: nodes)
    }

    /// A flow whose gang of two has the package, or all of whose steps have it.
    private func flow(_ islands: Islands, everywhere: Bool = false) throws {
        let has = "(packages={\"six\": \"1.16.0\"})"
        let script = """
            import sys
            from metaflow import FlowSpec, current, parallel, pypi, pypi_base, step
            \(everywhere ? "@pypi_base\(has)" : "")
            class Own(FlowSpec):
                @step
                def start(self):
                    self.next(self.work, num_parallel=2)
                \(everywhere ? "" : "@pypi\(has)")
                @parallel
                @step
                def work(self):
                    import six
                    self.found = (six.__version__, six.__file__, sys.prefix, current.parallel.node_index)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.found = [each.found for each in inputs]
                    self.next(self.end)
                @step
                def end(self):
                    for version, file, prefix, node in self.found:
                        print(f"node {node}: six {version}, {file.startswith(prefix)}, {prefix}")
            if __name__ == "__main__":
                Own()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(islands.team.sandbox.folder)/own.py"))
    }

    private func run(_ islands: Islands, _ arguments: [String] = []) async throws -> Finished {
        try await islands.muster(["run", "own.py", "--with", "islands"] + arguments, on: "a")
    }

    /// Both nodes had the package, in one environment of their machine.
    private func expectShared(_ run: Finished, _ islands: Islands) throws {
        #expect(run.status == .exited(0), "\(run)")
        let prefixes = run.output.split(separator: "\n").filter { $0.contains(": six 1.16.0, True, ") }
            .compactMap { $0.split(separator: " ").last }
        #expect(prefixes.count == 2 && Set(prefixes).count == 1, "\(run)")
        #expect(prefixes.first?.hasPrefix("\(islands.temporary)/muster-cache-") == true, "\(run)")
    }

    @Test(
        "A gang with a package of its own has it on every node: the machine makes the environment once, from its index")
    func index() async throws {
        let islands = try await Self.islands()
        try self.flow(islands)
        try self.expectShared(try await self.run(islands), islands)
        try await islands.expectNothingLeft(of: "Own")
    }

    @Test("A step of a flow in Swift finds its package there too")
    func swift() async throws {
        let islands = try await Self.islands()
        let run = try await islands.run("PackageFlow", on: "a")
        #expect(run.status == .exited(0), "\(run)")
        #expect(run.all.contains("six 1.16.0, True, \(islands.temporary)/muster-cache-"), "\(run)")
        try await islands.expectNothingLeft(of: "PackageFlow")
    }

    @Test("Nodes that reach no index have packages from the bucket, and fail with uv's words where they are not there")
    func store() async throws {
        let islands = try await Self.islands(nodes: Self.unreachable)
        try self.flow(islands)
        let alone = try await self.run(islands)
        #expect(alone.status == .exited(1), "\(alone)")
        #expect(alone.all.contains("127.0.0.1:9/simple/six"), "\(alone)")
        #expect(alone.all.contains("python.wheels: store"), "\(alone)")
        let run = try await self.run(islands, ["--setting", "python.wheels=store"])
        try self.expectShared(run, islands)
        try await islands.expectNothingLeft(of: "Own")
    }

    @Test("A package whose bytes in the bucket are others is refused by its name")
    func damaged() async throws {
        let islands = try await Self.islands(nodes: Self.unreachable)
        try self.flow(islands)
        let wheels = ["--setting", "python.wheels=store"]
        try self.expectShared(try await self.run(islands, wheels), islands)
        var isDamaged = false
        for object in try await islands.team.objects.objects(prefix: "artifacts/") where object.size < 100_000 {
            var bytes = try await islands.team.objects.get(object.key)
            guard bytes.starts(with: Data("PK".utf8)), bytes.firstRange(of: Data("six.py".utf8)) != nil else {
                continue
            }
            bytes[bytes.count / 2] ^= 1
            try await islands.team.objects.put(bytes, at: object.key)
            isDamaged = true
        }
        try #require(isDamaged)
        let run = try await self.run(islands, wheels)
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("six-1.16.0-py2.py3-none-any.whl") && run.all.contains("damaged"), "\(run)")
        try await islands.expectNothingLeft(of: "Own")
    }

    @Test("A node without the Python that the packages were locked for says which it has")
    func version() async throws {
        // Everything of this machine but its Pythons.
        let programs = "/tmp/p\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: programs) }
        try FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
        for name in try FileManager.default.contentsOfDirectory(atPath: "/usr/bin") where !name.hasPrefix("python") {
            symlink("/usr/bin/\(name)", "\(programs)/\(name)")
        }
        let old = """
            #!/bin/sh
            echo '{"path": "\(programs)/python3", "version": "3.5.1", "abi": "a", "platform": "p", "prefix": "/usr"}'
            """
        try Data(old.utf8).write(to: URL(filePath: "\(programs)/python3"))
        chmod("\(programs)/python3", 0o755)
        let islands = try await Self.islands(
            nodes: Self.plain.merging(["PATH": "\(programs):/bin-of-nobody", "HOME": programs]) { $1 })
        try self.flow(islands, everywhere: true)
        let run = try await self.run(islands)
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("found: 3.5.1") && run.all.contains("locked for Python 3."), "\(run)")
        try await islands.expectNothingLeft(of: "Own")
    }
}
