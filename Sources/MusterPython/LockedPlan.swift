internal import FoundationEssentials
internal import MusterProcess

/// One environment of a lock: where it is, and the commands that make it.
struct LockedPlan: Sendable {
    /// The content of `KEY.json`.
    struct Marker: Codable, Sendable, Equatable {
        var folder: String
    }

    let python: PythonInterpreter
    /// 32 hexadecimal digits: equal keys mean equal environments.
    let key: String
    private let folder: String

    init(lock digest: String, python: PythonInterpreter, folder: String) {
        self.python = python
        self.key = Digest.of([digest, python.path, python.version, python.abi, python.platform])
        self.folder = folder
    }

    var environments: String { "\(self.folder)/environments" }
    var markerPath: String { "\(self.environments)/\(self.key).json" }

    func newFolder() -> String { "\(self.environments)/\(self.key)-\(UUID().uuidString.prefix(8))" }

    static func interpreter(of environment: String) -> String { "\(environment)/bin/python" }

    /// The interpreter of the complete environment; nil when there is none.
    var interpreter: String? {
        // A marker is written atomically: one that cannot be read is not there.
        guard let data = FileManager.default.contents(atPath: self.markerPath),
            let marker = try? JSONDecoder().decode(Marker.self, from: data)
        else { return nil }
        let interpreter = Self.interpreter(of: marker.folder)
        return ExecutableSearch.isExecutable(interpreter) ? interpreter : nil
    }

    /// Removes what makings that were interrupted have left. Only for whoever has the lock.
    func removeRest() {
        // A folder that cannot be listed or removed is in nobody's way: names are never used twice.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.environments)) ?? []
        for name in names where name.hasPrefix("\(self.key)-") { CacheFolder.remove("\(self.environments)/\(name)") }
    }

    // MARK: - uv

    /// Settings that decide where packages come from, which are those of the machine and not the store's.
    private static let sources = [
        "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX",
        "UV_CONSTRAINT", "UV_OVERRIDE", "UV_NO_BINARY", "UV_NO_BINARY_PACKAGE",
    ]

    /// uv's environment.
    func variables(_ environment: [String: String], isOffline: Bool) -> [String: String] {
        var variables = environment
        variables["UV_CACHE_DIR"] = "\(self.folder)/uv"
        if isOffline { for name in Self.sources { variables[name] = nil } }
        return variables
    }

    static func creation(of environment: String, _ python: PythonInterpreter) -> [String] {
        ["venv", "--quiet", "--python", python.path, environment]
    }

    /// - Parameter options: The machine's own, for an index.
    static func installation(
        _ materials: LockedEnvironments.Materials, in environment: String, _ options: [String]
    ) -> [String] {
        let source = materials.wheels.map { ["--no-index", "--offline", "--find-links", $0] } ?? options
        return ["pip", "sync", "--python", Self.interpreter(of: environment), "--require-hashes"] + source
            + [materials.lock]
    }
}
