import Foundation
import MusterModel
import MusterProcess
import MusterPython
import Synchronization

/// A cache, a wheel folder and an environment of its own for one test; uv is shared, because installing it takes a
/// while.
final class Workbench: Sendable {
    let root: String
    let reactor: ProcessReactor
    let lines = Mutex<[String]>([])

    /// The folder that all tests share; it is kept between test runs.
    private static let shared = "\(FileManager.default.currentDirectoryPath)/.cache/python-tests"

    init() throws {
        self.reactor = try ProcessReactor()
        self.root = FileManager.default.temporaryDirectory.appending(path: "muster-python-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: "\(self.root)/wheels", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: "\(self.root)/home", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: self.root) }

    var wheels: String { "\(self.root)/wheels" }
    var cache: String { "\(self.root)/cache" }

    /// No network, no settings of this machine's user, and the wheel folder in pip's own words.
    func environment(_ more: [String: String] = [:]) async throws -> [String: String] {
        let basics = [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "\(self.root)/home", "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels, "MUSTER_UV": try await self.uv(), "UV_CACHE_DIR": "\(self.root)/uv",
        ]
        return basics.merging(more) { _, own in own }
    }

    /// A uv: this machine's, or one that the package's own code installed into the shared cache.
    func uv() async throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let named = environment["MUSTER_UV"] { return named }
        if let found = ExecutableSearch.find("uv", path: environment["PATH"] ?? "") { return found }
        let environments = PythonEnvironments(cache: Self.shared, reactor: self.reactor, environment: environment)
        _ = try await environments.interpreter(for: PythonRequirements(packages: [])) { _ in }
        return "\(Self.shared)/tools/uv/bin/uv"
    }

    func interpreter(
        _ packages: [String], python: String? = "/usr/bin/python3", environment: [String: String]
    ) async throws(PythonError) -> String {
        try await PythonEnvironments(cache: self.cache, reactor: self.reactor, environment: environment)
            .interpreter(for: PythonRequirements(packages: packages, python: python)) { line in
                self.lines.withLock { $0.append(line) }
            }
    }

    /// Writes a wheel of one module, which knows its version.
    func wheel(_ name: String, _ version: String, folder: String? = nil) async throws {
        let script = """
            import sys, zipfile
            folder, name, version = sys.argv[1:]
            info = f"{name}-{version}.dist-info"
            with zipfile.ZipFile(f"{folder}/{name}-{version}-py3-none-any.whl", "w") as wheel:
                wheel.writestr(f"{name}.py", f"version = {version!r}\\n")
                wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
                wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
                wheel.writestr(f"{info}/RECORD", f"{name}.py,,\\n{info}/METADATA,,\\n{info}/WHEEL,,\\n{info}/RECORD,,\\n")
            """
        _ = try await self.output("/usr/bin/python3", ["-c", script, folder ?? self.wheels, name, version])
    }

    /// The output of a program; its standard error if it fails.
    func output(_ executable: String, _ arguments: [String]) async throws -> String {
        let outcome = try await self.reactor.run(
            ProcessSpec(executable: executable, arguments: arguments, environment: ["PATH": "/usr/bin:/bin"]))
        let bytes = outcome.status.isSuccess ? outcome.standardOutput : outcome.standardError
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    /// The version of a module of an environment.
    func version(of module: String, in interpreter: String) async throws -> String {
        try await self.output(interpreter, ["-c", "import \(module); print(\(module).version)"])
    }
}
