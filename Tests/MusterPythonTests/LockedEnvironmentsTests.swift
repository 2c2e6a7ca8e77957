import Foundation
import MusterModel
import MusterProcess
import Synchronization
import Testing

@testable import MusterPython

/// From requirements here to an environment elsewhere, which is another folder.
@Suite struct LockedEnvironmentsTests {
    private let bench: Workbench

    init() throws { self.bench = try Workbench() }

    private func lock(
        _ packages: [String], from source: WheelSource, _ more: [String: String] = [:]
    ) async throws -> PythonLock {
        try await PythonEnvironments(
            cache: self.bench.cache, reactor: self.bench.reactor, environment: try await self.bench.environment(more)
        ).lock(for: PythonRequirements(packages: packages, python: "/usr/bin/python3"), from: source) { _ in }
    }

    /// A machine without any settings, but for those that are given.
    private func machine(_ variables: [String: String] = [:]) -> LockedEnvironments {
        let plain = [
            "PATH": "/usr/bin:/bin", "HOME": "\(self.bench.root)/elsewhere-home", "PIP_CONFIG_FILE": "/dev/null",
        ]
        return LockedEnvironments(
            folder: self.node, reactor: self.bench.reactor, environment: plain.merging(variables) { $1 })
    }

    private var node: String { "\(self.bench.root)/elsewhere" }
    private var environments: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(self.node)/environments")) ?? []).sorted()
    }

    private func materials(_ lock: PythonLock) -> LockedEnvironments.Materials {
        LockedEnvironments.Materials(
            uv: lock.uv, lock: lock.file, wheels: lock.wheels?.first.map { ($0 as NSString).deletingLastPathComponent })
    }

    @Test(
        "A lock has exact versions and hashes of what is needed; from the store it has one wheel for each, and its hash"
    )
    func locks() async throws {
        try await self.bench.wheel("alpha", "1.0")
        try await self.bench.wheel("alpha", "2.0")
        let index = try await self.lock(["alpha<2"], from: .index)
        let text = try String(contentsOfFile: index.file, encoding: .utf8)
        #expect(text.contains("alpha==1.0") && text.contains("--hash=sha256:"))
        #expect(index.wheels == nil && index.python.hasPrefix("3.") && index.python.split(separator: ".").count == 2)
        let store = try await self.lock(["alpha<2"], from: .store)
        #expect(store.wheels?.map { ($0 as NSString).lastPathComponent } == ["alpha-1.0-py3-none-any.whl"])
        let wheel = try #require(store.wheels?.first)
        let digest = try await self.bench.output("/usr/bin/sha256sum", [wheel]).prefix(64)
        #expect(try String(contentsOfFile: store.file, encoding: .utf8) == "alpha==1.0 --hash=sha256:\(digest)\n")
        // Once made, it is only read.
        try FileManager.default.removeItem(atPath: self.bench.wheels)
        #expect(try await self.lock(["alpha<2"], from: .store) == store)
        #expect(try await self.lock([], from: .store).wheels == [])
    }

    @Test(
        "A lock that cannot be made is told in the tool's words, and a file of this machine does not travel by an index"
    )
    func refusals() async throws {
        try await self.bench.wheel("alpha", "1.0")
        for source in WheelSource.allCases {
            let error = await #expect(throws: PythonError.self) {
                try await self.lock(["no-such-package"], from: source)
            }
            #expect(error?.code == .resolution && error?.message.contains("no-such-package") == true)
        }
        let file = "alpha @ file://\(self.bench.wheels)/alpha-1.0-py3-none-any.whl"
        let error = await #expect(throws: PythonError.self) { try await self.lock([file], from: .index) }
        #expect(error?.message.contains("python.wheels: store") == true)
        #expect(try await self.lock([file], from: .store).wheels?.count == 1)
    }

    @Test("Many nodes of one machine make an environment once, without an index, and the next ones ask for nothing")
    func once() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .store)
        let pythons = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    try await self.machine(["UV_INDEX_URL": "http://127.0.0.1:9/simple"]).interpreter(
                        lock: "digest", python: lock.python
                    ) {
                        self.bench.lines.withLock { $0.append("brought") }
                        return self.materials(lock)
                    }
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(pythons.count == 1 && self.bench.lines.withLock(\.self) == ["brought"])
        let python = try #require(pythons.first)
        #expect(python.hasPrefix("\(self.node)/environments/"))
        #expect(try await self.bench.version(of: "alpha", in: python) == "1.0")
        #expect(self.environments.count == 2, "one environment and its marker")
        // Nothing was written elsewhere, uv's cache included.
        #expect(!FileManager.default.fileExists(atPath: "\(self.bench.root)/elsewhere-home"))
        _ = try await self.machine().interpreter(lock: "other", python: lock.python) { self.materials(lock) }
        #expect(self.environments.count == 4)
        // A Python that the place names is taken where it has the version.
        for preferred in ["/usr/bin/python3", "python3", "/no/python", "true"] {
            let same = try await self.machine().interpreter(
                lock: "digest", python: lock.python, preferred: preferred
            ) { self.materials(lock) }
            #expect(same == python)
        }
    }

    @Test("What an interrupted making has left is removed and not used")
    func interrupted() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .store)
        let python = try await self.machine().interpreter(lock: "digest", python: lock.python) { self.materials(lock) }
        let marker = try #require(self.environments.first { $0.hasSuffix(".json") })
        try FileManager.default.removeItem(atPath: "\(self.node)/environments/\(marker)")
        let next = try await self.machine().interpreter(lock: "digest", python: lock.python) { self.materials(lock) }
        #expect(next != python && !FileManager.default.fileExists(atPath: python))
        #expect(try await self.bench.version(of: "alpha", in: next) == "1.0")
    }

    @Test("A making that is cancelled leaves nothing, and lets the next node make it")
    func cancelled() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .store)
        let (begun, slow) = ("\(self.bench.root)/begun", "\(self.bench.root)/slow-uv")
        let script = """
            #!/bin/sh
            for last; do :; done
            mkdir -p "$last/bin" && ln -s /usr/bin/python3 "$last/bin/python"
            touch \(begun)
            exec sleep 1000
            """
        try Data(script.utf8).write(to: URL(filePath: slow))
        chmod(slow, 0o755)
        let making = Task {
            try await self.machine().interpreter(lock: "digest", python: lock.python) {
                LockedEnvironments.Materials(uv: slow, lock: lock.file, wheels: nil)
            }
        }
        let next = Task {
            while !FileManager.default.fileExists(atPath: begun) { try await Task.sleep(for: .milliseconds(10)) }
            return try await self.machine().interpreter(lock: "digest", python: lock.python) { self.materials(lock) }
        }
        while !FileManager.default.fileExists(atPath: begun) { try await Task.sleep(for: .milliseconds(10)) }
        making.cancel()
        let error = await #expect(throws: PythonError.self) { try await making.value }
        #expect(error?.code == .cancelled)
        let python = try await next.value
        #expect(try await self.bench.version(of: "alpha", in: python) == "1.0")
        #expect(self.environments.count == 2)
    }

    @Test("A wheel with other bytes than the lock says is refused by uv, and nothing is left")
    func damaged() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .store)
        let wheels = "\(self.bench.root)/damaged"
        try FileManager.default.createDirectory(atPath: wheels, withIntermediateDirectories: true)
        try await self.bench.wheel("alpha", "1.0", folder: wheels)
        // The same, but for the time in the archive.
        let handle = try #require(FileHandle(forUpdatingAtPath: "\(wheels)/alpha-1.0-py3-none-any.whl"))
        try handle.seek(toOffset: 10)
        try handle.write(contentsOf: Data([1, 1]))
        try handle.close()
        let error = await #expect(throws: PythonError.self) {
            try await self.machine().interpreter(lock: "digest", python: lock.python) {
                LockedEnvironments.Materials(uv: lock.uv, lock: lock.file, wheels: wheels)
            }
        }
        #expect(error?.message.contains("alpha") == true && error?.message.lowercased().contains("hash") == true)
        #expect(self.environments == [])
    }

    @Test("An index that cannot be reached is told with uv's last lines and what to set")
    func offline() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .index)
        let error = await #expect(throws: PythonError.self) {
            try await self.machine(["UV_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"])
                .interpreter(lock: "digest", python: lock.python) { self.materials(lock) }
        }
        #expect(error?.code == .network)
        #expect(error?.message.contains("127.0.0.1:9/simple/alpha") == true)
        #expect(error?.message.hasSuffix("brings them from the bucket") == true)
        #expect(self.environments == [])
        // The machine's own settings of pip name where packages are.
        let python = try await self.machine(["PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.bench.wheels])
            .interpreter(lock: "digest", python: lock.python) { self.materials(lock) }
        #expect(try await self.bench.version(of: "alpha", in: python) == "1.0")
    }

    @Test("A machine without the version that a lock is for names both, and nothing is brought")
    func version() async throws {
        let error = await #expect(throws: PythonError.self) {
            try await self.machine().interpreter(lock: "digest", python: "3.99") {
                throw PythonError(code: .tool, message: "not to be called")
            }
        }
        #expect(error?.code == .noInterpreter)
        #expect(error?.message.contains("Python 3.99 is not on this machine (found: 3.") == true)
        #expect(error?.message.contains("locked for Python 3.99") == true)
    }

    @Test("A version that only nodes have is resolved with another Python; its wheels cannot be collected here")
    func foreign() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let environments = PythonEnvironments(
            cache: self.bench.cache, reactor: self.bench.reactor, environment: try await self.bench.environment())
        let wanted = PythonRequirements(packages: ["alpha"], python: "3.14")
        let lock = try await environments.lock(for: wanted, from: .index) { _ in }
        #expect(lock.python == "3.14")
        #expect(try String(contentsOfFile: lock.file, encoding: .utf8).contains("alpha==1.0"))
        let error = await #expect(throws: PythonError.self) {
            try await environments.lock(for: wanted, from: .store) { _ in }
        }
        #expect(error?.message.contains("Python 3.14 is not on this machine") == true)
    }

    @Test("A uv that does not start on the machine is told with what to do")
    func foreignProgram() async throws {
        try await self.bench.wheel("alpha", "1.0")
        let lock = try await self.lock(["alpha"], from: .store)
        let uv = "\(self.bench.root)/foreign-uv"
        try Data([0x7f, 0x45, 0x4c, 0x46, 2, 1]).write(to: URL(filePath: uv))
        chmod(uv, 0o755)
        let error = await #expect(throws: PythonError.self) {
            try await self.machine().interpreter(lock: "digest", python: lock.python) {
                LockedEnvironments.Materials(uv: uv, lock: lock.file, wheels: nil)
            }
        }
        #expect(error?.message.contains("does not start here; name one in MUSTER_UV") == true)
    }

    @Test("The version of a lock is the minor one, unless the step asks for exactly one")
    func versions() {
        let python = PythonInterpreter(path: "/p", version: "3.11.7", abi: "", platform: "", prefix: "/")
        for (wanted, version) in [
            (nil, "3.11"), ("3", "3.11"), ("3.11", "3.11"), ("3.11.7", "3.11.7"), ("/p", "3.11"),
            ("python3.11", "3.11"),
        ] {
            #expect(LockPlan.version(of: python, wanted: wanted) == version)
        }
    }
}
