import Foundation
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import MusterWire
import Testing

@testable import MusterAgent

/// A node that sees nothing of the store but a bucket, which is a folder here.
@Suite struct BucketNodeUnitTests {
    private static let order = "team/runs/F/1/attempts/train/12.0.order"

    private let folder: TestFolder
    private let objects: FolderObjectStore

    init() throws {
        self.folder = try TestFolder()
        self.objects = FolderObjectStore("\(self.folder.path)/bucket")
        try FileManager.default.createDirectory(
            atPath: "\(self.folder.path)/tmp", withIntermediateDirectories: true)
    }

    private func node(bucket: String = "s3://b/team") throws -> BucketNode {
        try BucketNode(
            OrderPlace(Self.order), objects: self.objects, bucket: bucket, folder: "\(self.folder.path)/tmp")
    }

    private var left: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(self.folder.path)/tmp")) ?? []).sorted()
    }

    @Test("The key of an order tells the store's prefix, the run and the attempt; any other key is refused")
    func place() throws {
        let place = try OrderPlace("a/b/runs/runs/runs/attempts/s/1.0.order")
        #expect(place.prefix == "a/b" && place.run == RunKey(flow: "runs", run: "runs") && place.attempt == "s/1.0.")
        #expect(try OrderPlace("runs/F/1/attempts/s/1.0.order").prefix == "")
        for key in [
            "runs/F/1/attempts/s/1.0.key", "runs/F/1/files/s/1.0.order", "F/1/attempts/s/1.0.order",
            "runs/F/../attempts/s/1.0.order", "runs//1/attempts/s/1.0.order", "order", "",
        ] {
            #expect(throws: AgentError.self, "\(key)") { try OrderPlace(key) }
        }
    }

    @Test("Objects are brought, and made once; a key is its user's alone")
    func objects() async throws {
        let node = try self.node()
        #expect(try await !node.bring(.key))
        try await self.objects.put(Data(repeating: 7, count: 32), at: "runs/F/1/attempts/train/12.0.key")
        #expect(try await node.bring(.key))
        let mode = try FileManager.default.attributesOfItem(atPath: node.folder.path(.key))[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try await node.create(Data("mine".utf8), as: .claim))
        let twin = try self.node()
        #expect(try await !twin.create(Data("also mine".utf8), as: .claim))
        #expect(try twin.folder.read(.claim) == nil)
        #expect(try await twin.bring(.claim))
        #expect(try twin.folder.read(.claim) == Data("mine".utf8))
        node.leave()
        #expect(self.left.count == 1)
        twin.leave()
        #expect(self.left == [])
    }

    @Test("What a node writes comes to the bucket: what grows in pieces, the report once and last")
    func flush() async throws {
        let node = try self.node()
        let log = node.folder.path(.log(node: 1))
        try Data("one\n".utf8).write(to: URL(filePath: log))
        try node.folder.append(Data("formed\n".utf8), to: .statuses)
        try node.folder.write(Data("{\"count\":1}".utf8), as: .alive)
        // Another's, and not to be sent.
        try node.folder.write(Data("an order".utf8), as: .order)
        try await node.flush()
        let handle = try #require(FileHandle(forWritingAtPath: log))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("two\n".utf8))
        try node.folder.write(Data("{\"count\":2}".utf8), as: .alive)
        _ = try node.folder.create(Data("the first report".utf8), as: .report)
        try await node.flush()
        let start = "runs/F/1/attempts/train/12.0."
        let keys = try await self.objects.objects(prefix: start).map { String($0.key.dropFirst(start.count)) }
        #expect(
            keys == [
                "alive", "node-1.log/000000000000", "node-1.log/000000000004", "report.json",
                "status-000000/000000000000",
            ])
        #expect(try await self.objects.get(start + "alive") == Data("{\"count\":2}".utf8))
        #expect(try await self.objects.get(start + "node-1.log/000000000004") == Data("two\n".utf8))
        let other = try self.node()
        try Data("a second report".utf8).write(to: URL(filePath: other.folder.path(.report)))
        try await other.flush()
        #expect(try await self.objects.get(start + "report.json") == Data("the first report".utf8))
        node.leave()
        other.leave()
    }

    @Test("Nodes of one machine share what they have fetched; the last one removes it, and another bucket has its own")
    func cache() async throws {
        let (first, second) = (try self.node(), try self.node())
        let other = try self.node(bucket: "s3://b/other")
        let value = try ArtifactStore(first.layout).put(Data("shared".utf8), encoding: .data)
        #expect(ArtifactStore(second.layout).has(value))
        #expect(!ArtifactStore(other.layout).has(value))
        first.leave()
        #expect(ArtifactStore(second.layout).has(value))
        second.leave()
        other.leave()
        #expect(self.left == [])
        let again = try self.node()
        #expect(!ArtifactStore(again.layout).has(value))
        again.leave()
    }

    @Test("Many nodes that come and go at the same time leave nothing, and none loses its cache while it lives")
    func comingAndGoing() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    for round in 0..<20 {
                        let node = try self.node()
                        let text = "\(number) \(round)"
                        let value = try ArtifactStore(node.layout).put(Data(text.utf8), encoding: .data)
                        await Task.yield()
                        #expect(ArtifactStore(node.layout).has(value))
                        node.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(self.left == [])
    }

    @Test("What a killed node has left is removed by the next one")
    func killed() throws {
        let living = try self.node()
        // A killed agent's lock is gone, and its folder is not.
        let left = (living.layout.root as NSString).deletingLastPathComponent + "/left"
        try FileManager.default.createDirectory(atPath: "\(left)/runs", withIntermediateDirectories: true)
        let next = try self.node()
        #expect(!FileManager.default.fileExists(atPath: left))
        #expect(FileManager.default.fileExists(atPath: living.layout.root))
        living.leave()
        next.leave()
        #expect(self.left == [])
    }

    @Test("A folder of another kind in the cache's place is refused by name")
    func strangeCache() throws {
        let node = try self.node()
        let name = try #require(self.left.first { $0.hasPrefix("muster-cache-") })
        node.leave()
        let path = "\(self.folder.path)/tmp/\(name)"
        try Data().write(to: URL(filePath: path))
        #expect(throws: (any Error).self) { try self.node() }
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        try Data().write(to: URL(filePath: "\(path)/x"))
        let error = #expect(throws: AgentError.self) { try self.node() }
        #expect("\(String(describing: error))".contains(path))
    }

    @Test("The words of a flow program become paths of the node, and what is missing is named")
    func program() async throws {
        let node = try self.node()
        let maker = StoreLayout(root: "\(self.folder.path)/maker")
        try maker.prepare()
        let program = try ArtifactStore(maker).put(Data("#!/bin/sh\necho hello\n".utf8), encoding: .data)
        try await self.objects.put(
            Data("#!/bin/sh\necho hello\n".utf8), at: "artifacts/\(program.digest.prefix(1))/\(program.digest)")
        let source = "\(self.folder.path)/source"
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        try Data("print()".utf8).write(to: URL(filePath: "\(source)/front.py"))
        let package = try CodePackage(folder: source).packed(under: "muster")
        try await self.objects.put(try package.archive(), at: "packages/\(package.digest)")
        var order = Self.order(
            CarriedCode(
                package: package.digest,
                program: [
                    .program(name: "flow", file: program), .file(package: package.digest, path: "muster/front.py"),
                    .text("--tag"), .python,
                ]))
        let local = try await node.localized(order, environment: ["PATH": "/usr/bin:/bin"])
        #expect(local.store == node.layout.root)
        #expect(FileManager.default.isExecutableFile(atPath: local.program[0]))
        #expect(try String(contentsOfFile: local.program[1], encoding: .utf8) == "print()")
        #expect(local.program[2] == "--tag" && local.program[3].hasSuffix("/python3"))
        #expect(local.task.python == local.program[3])
        let none = await #expect(throws: AgentError.self) {
            try await node.localized(order, environment: ["PATH": "/nowhere"])
        }
        #expect("\(String(describing: none))".contains("/nowhere"))
        order.carried?.program = [.program(name: "../flow", file: program)]
        let wrong = order
        await #expect(throws: AgentError.self) { try await node.localized(wrong, environment: [:]) }
        order.carried = nil
        let empty = order
        await #expect(throws: AgentError.self) { try await node.localized(empty, environment: [:]) }
        node.leave()
    }

    @Test("A step's Python is made once on a machine from what travels; a damaged package is refused by its name")
    func python() async throws {
        let maker = StoreLayout(root: "\(self.folder.path)/maker")
        try maker.prepare()
        func stored(_ text: String) async throws -> ArtifactReference {
            let reference = try ArtifactStore(maker).put(Data(text.utf8), encoding: .data)
            try await self.objects.put(
                Data(text.utf8), at: "artifacts/\(reference.digest.prefix(1))/\(reference.digest)")
            return reference
        }
        let calls = "\(self.folder.path)/calls"
        let uv = """
            #!/bin/sh
            echo "$1 $2 $MUSTER_JOB" >> \(calls)
            for last; do :; done
            [ $1 = pip ] || { mkdir -p "$last/bin" && ln -s /usr/bin/python3 "$last/bin/python"; }
            """
        let version = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "/usr/bin").first {
                $0.wholeMatch(of: /python3\.\d+/) != nil
            }?.dropFirst(6))
        let wheel = try await stored("a wheel")
        let environment = CarriedEnvironment(
            python: String(version), uv: try await stored(uv), lock: try await stored("six==1 --hash=sha256:0"),
            wheels: [CarriedEnvironment.Wheel(name: "six-1-py3-none-any.whl", file: wheel)])
        let source = "\(self.folder.path)/source"
        try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
        let package = try CodePackage(folder: source).packed(under: "muster")
        try await self.objects.put(try package.archive(), at: "packages/\(package.digest)")
        var code = CarriedCode(package: package.digest, program: [.python, .text("flow")])
        code.environment = environment
        let (first, second) = (try self.node(), try self.node())
        let variables = ["PATH": "/usr/bin:/bin", "MUSTER_JOB": "secret"]
        let local = try await first.localized(Self.order(code), environment: variables)
        let same = try await second.localized(Self.order(code), environment: variables)
        let python = try #require(local.task.python)
        #expect(local.program == [python, "flow"] && same.program == local.program)
        #expect(python.hasPrefix("\(first.cache.python)/environments/"))
        #expect(try String(contentsOfFile: calls, encoding: .utf8) == "venv --quiet \npip sync \n")
        first.leave()
        second.leave()
        #expect(self.left == [])
        try await self.objects.put(Data("a whale".utf8), at: "artifacts/\(wheel.digest.prefix(1))/\(wheel.digest)")
        let third = try self.node()
        let error = await #expect(throws: AgentError.self) {
            try await third.localized(Self.order(code), environment: variables)
        }
        #expect("\(String(describing: error))".contains("six-1-py3-none-any.whl"))
        code.environment?.wheels?[0].name = "../six.whl"
        let wrong = code
        await #expect(throws: AgentError.self) {
            try await third.localized(Self.order(wrong), environment: variables)
        }
        third.leave()
    }

    private static func order(_ code: CarriedCode) -> GangOrder {
        let attempt = AttemptID(flow: "F", run: "1", step: "train", task: 12, attempt: 0)
        var order = GangOrder(
            attempt: attempt, size: 1, minimum: 1, rendezvousDeadline: 1, grace: 1, program: ["/engine/flow"],
            task: TaskFile(
                attempt: attempt, taskID: "12", user: "ada",
                parallel: ParallelFrame(controlAddress: "", nodes: 1, index: 0, controlTaskID: "12"), socket: "",
                temporaryFolder: ""), store: "/engine/store", package: "/engine/package", environment: [:], cpus: 1,
            gpus: 0, memory: 0)
        order.carried = code
        return order
    }
}
