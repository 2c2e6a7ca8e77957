import Foundation
import MusterModel
import MusterProcess
import MusterPython
import Synchronization
import Testing

@Suite struct PythonEnvironmentsTests {
    @Test("An environment holds what was asked for, from the wheel folder that pip's settings name")
    func installs() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        try await bench.wheel("alpha", "2.0")
        let environment = try await bench.environment()
        let newest = try await bench.interpreter(["alpha"], environment: environment)
        let exact = try await bench.interpreter(["alpha==1.0"], environment: environment)
        #expect(try await bench.version(of: "alpha", in: newest) == "2.0")
        #expect(try await bench.version(of: "alpha", in: exact) == "1.0")
        #expect(bench.lines.withLock { $0.contains { $0.contains("alpha==1.0") } })
        // uv's own lines arrive whole.
        #expect(bench.lines.withLock { $0.contains { $0.hasPrefix("uv: Installed 1 package in ") } })
    }

    @Test("A local version such as 1.0+cpu satisfies ==1.0")
    func localVersion() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0+cpu")
        let python = try await bench.interpreter(["alpha==1.0"], environment: try await bench.environment())
        #expect(try await bench.version(of: "alpha", in: python) == "1.0+cpu")
    }

    @Test("A cached environment needs neither uv nor wheels, whatever the spelling of its list")
    func cached() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        try await bench.wheel("beta_two", "1.0")
        var environment = try await bench.environment()
        let first = try await bench.interpreter(["alpha >= 1.0", "Beta.Two"], environment: environment)
        try FileManager.default.removeItem(atPath: bench.wheels)
        environment["MUSTER_UV"] = "/no/such/uv"
        let second = try await bench.interpreter(["beta-two", "ALPHA>=1.0"], environment: environment)
        #expect(first == second)
    }

    @Test("Different settings mean different environments")
    func settingsAreInTheKey() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        let other = "\(bench.root)/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try await bench.wheel("alpha", "3.0", folder: other)
        let one = try await bench.interpreter(["alpha"], environment: try await bench.environment())
        let two = try await bench.interpreter(
            ["alpha"], environment: try await bench.environment(["PIP_FIND_LINKS": other]))
        #expect(try await bench.version(of: "alpha", in: one) == "1.0")
        #expect(try await bench.version(of: "alpha", in: two) == "3.0")
    }

    @Test("Eight that ask at once share one making")
    func concurrent() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        let environment = try await bench.environment()
        let paths = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 { group.addTask { try await bench.interpreter(["alpha"], environment: environment) } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(paths.count == 1)
        #expect(bench.lines.withLock { $0.count { $0.hasPrefix("making") } } == 1)
    }

    /// The path of the bytecode of a single-file module.
    private func compiled(_ module: String, in interpreter: String) -> String {
        let root = URL(filePath: interpreter).deletingLastPathComponent().deletingLastPathComponent().path
        return "\(root)/lib/python3.11/site-packages/__pycache__/\(module).cpython-311.pyc"
    }

    private func inode(_ path: String) -> UInt64? {
        (try? FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber)?.uint64Value
    }

    @Test(
        "What was compiled of a package is taken over by other environments with the very same package, and by no others"
    )
    func bytecode() async throws {
        let bench = try Workbench()
        for (name, version) in [("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.0")] {
            try await bench.wheel(name, version)
        }
        let environment = try await bench.environment()
        let first = try await bench.interpreter(["alpha==1.0"], environment: environment)
        #expect(self.inode(self.compiled("alpha", in: first)) == nil)
        #expect(try await bench.version(of: "alpha", in: first) == "1.0")
        let made = try #require(self.inode(self.compiled("alpha", in: first)))

        let second = try await bench.interpreter(["alpha==1.0", "beta"], environment: environment)
        #expect(self.inode(self.compiled("alpha", in: second)) == made)
        #expect(self.inode(self.compiled("beta", in: second)) == nil)
        #expect(try await bench.version(of: "alpha", in: second) == "1.0")
        #expect(self.inode(self.compiled("alpha", in: second)) == made)

        let other = try await bench.interpreter(["alpha==2.0"], environment: environment)
        #expect(self.inode(self.compiled("alpha", in: other)) == nil)
        #expect(try await bench.version(of: "alpha", in: other) == "2.0")
    }

    @Test("What was compiled of a source that is not as it was is left, and so is what others could have written")
    func strangeBytecode() async throws {
        let bench = try Workbench()
        for name in ["alpha", "beta", "gamma"] { try await bench.wheel(name, "1.0") }
        let environment = try await bench.environment(["UV_LINK_MODE": "copy"])
        let first = try await bench.interpreter(["alpha"], environment: environment)
        _ = try await bench.version(of: "alpha", in: first)
        let folder = URL(filePath: first).deletingLastPathComponent().deletingLastPathComponent()
        let source = folder.appending(path: "lib/python3.11/site-packages/alpha.py").path
        // Later than the source of any new environment: what is compiled of this one fits no other.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 4e9)], ofItemAtPath: source)
        _ = try await bench.version(of: "alpha", in: first)
        let second = try await bench.interpreter(["alpha", "beta"], environment: environment)
        #expect(self.inode(self.compiled("alpha", in: second)) == nil)

        let fresh = try await bench.environment()
        let donor = try await bench.interpreter(["gamma"], environment: fresh)
        _ = try await bench.version(of: "gamma", in: donor)
        let root = URL(filePath: donor).deletingLastPathComponent().deletingLastPathComponent().path
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: root)
        let careful = try await bench.interpreter(["gamma", "beta"], environment: fresh)
        #expect(self.inode(self.compiled("gamma", in: careful)) == nil)
    }

    @Test("A package that cannot be had is refused with what the step says of where its packages come from")
    func origin() async throws {
        let bench = try Workbench()
        let environments = PythonEnvironments(
            cache: bench.cache, reactor: bench.reactor, environment: try await bench.environment())
        for package in ["no-such-package==9", "conda-forge::mkl"] {
            let error = await #expect(throws: PythonError.self) {
                try await environments.interpreter(
                    for: PythonRequirements(packages: [package], origin: "@conda takes packages from PyPI"),
                    progress: { _ in })
            }
            #expect(error?.message.hasSuffix("@conda takes packages from PyPI") == true)
        }
    }

    @Test("What an interrupted making left is made anew")
    func interrupted() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        let environment = try await bench.environment()
        let python = try await bench.interpreter(["alpha"], environment: environment)
        let folder = URL(filePath: python).deletingLastPathComponent().deletingLastPathComponent()
        try FileManager.default.removeItem(at: folder.appending(path: "muster.json"))
        try FileManager.default.removeItem(at: folder.appending(path: "lib"))
        #expect(try await bench.interpreter(["alpha"], environment: environment) == python)
        #expect(try await bench.version(of: "alpha", in: python) == "1.0")
    }

    @Test("A package that does not resolve is refused in uv's own words, and nothing is left to be taken for whole")
    func unresolvable() async throws {
        let bench = try Workbench()
        let environment = try await bench.environment()
        for _ in 0..<2 {
            let error = await #expect(throws: PythonError.self) {
                try await bench.interpreter(["no-such-package==9"], environment: environment)
            }
            #expect(error?.code == .resolution)
            #expect(error?.message.contains("no-such-package") == true)
            #expect(error?.message.contains("No solution found") == true)
        }
    }

    @Test("An index that cannot be reached is named as the reason")
    func offline() async throws {
        let bench = try Workbench()
        let environment = try await bench.environment([
            "PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0",
        ])
        let error = await #expect(throws: PythonError.self) {
            try await bench.interpreter(["alpha"], environment: environment)
        }
        #expect(error?.code == .network)
    }

    @Test(
        "What is no requirement is refused before anything starts",
        arguments: [
            "--index-url=x", "-r list.txt", "./folder", "", "git+https://example.com/a", "https://example.com/a.whl",
            "a b",
        ])
    func notARequirement(text: String) async throws {
        let bench = try Workbench()
        let error = await #expect(throws: PythonError.self) { try await bench.interpreter([text], environment: [:]) }
        #expect(error?.code == .requirement)
        #expect(error?.message.contains("`\(text)`") == true)
    }

    @Test("A cache that cannot be written is refused by name")
    func unwritableCache() async throws {
        let bench = try Workbench()
        try Data().write(to: URL(filePath: bench.cache))
        let environment = try await bench.environment()
        let error = await #expect(throws: PythonError.self) {
            try await bench.interpreter(["alpha"], environment: environment)
        }
        #expect(error?.code == .storage)
        #expect(error?.message.contains(bench.cache) == true)
    }

    @Test("A making that is cancelled says so, and the next one succeeds")
    func cancelled() async throws {
        let bench = try Workbench()
        try await bench.wheel("alpha", "1.0")
        let environment = try await bench.environment()
        let making = Task { try await bench.interpreter(["alpha"], environment: environment) }
        making.cancel()
        let error = await #expect(throws: PythonError.self) { try await making.value }
        #expect(error?.code == .cancelled)
        let python = try await bench.interpreter(["alpha"], environment: environment)
        #expect(try await bench.version(of: "alpha", in: python) == "1.0")
    }

    @Test("The cache is where the variables say, in their order")
    func defaultCache() throws {
        let home = ["HOME": "/h"]
        #expect(try PythonEnvironments.defaultCache(environment: home) == "/h/.cache/muster")
        let xdg = home.merging(["XDG_CACHE_HOME": "/x"]) { $1 }
        #expect(try PythonEnvironments.defaultCache(environment: xdg) == "/x/muster")
        #expect(try PythonEnvironments.defaultCache(environment: xdg.merging(["MUSTER_CACHE": "/m"]) { $1 }) == "/m")
        #expect(throws: PythonError.self) { try PythonEnvironments.defaultCache(environment: [:]) }
    }
}
