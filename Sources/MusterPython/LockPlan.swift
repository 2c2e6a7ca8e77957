internal import FoundationEssentials
package import MusterModel
internal import MusterProcess

/// One lock: where it is, and the commands that make it. Pure but for ``isWhole`` and ``wheelPaths``.
struct LockPlan: Sendable {
    /// Incremented when locks are made differently, so that old ones are not used.
    private static let format = "1"

    let requirements: RequirementList
    let python: PythonInterpreter
    let settings: UVSettings
    let source: WheelSource
    /// The version that the lock is for, where ``python`` is another one.
    let version: String?
    /// 32 hexadecimal digits: equal keys mean equal locks.
    let key: String
    let folder: String

    init(
        requirements: RequirementList, python: PythonInterpreter, version: String? = nil, settings: UVSettings,
        source: WheelSource, cache: String
    ) {
        self.requirements = requirements
        self.python = python
        self.settings = settings
        self.source = source
        self.version = version
        self.key = Digest.of(
            ["lock", Self.format, source.rawValue, version ?? python.version, python.abi, python.platform]
                + ["\(requirements.requirements.count)"] + requirements.requirements + settings.fingerprint)
        self.folder = "\(cache)/locked/\(self.key)"
    }

    /// The requirements, which uv reads.
    var wanted: String { "\(self.folder)/requirements.in" }
    /// The versions and hashes that uv has found.
    var resolved: String { "\(self.folder)/resolved.txt" }
    /// The lock that nodes are given.
    var file: String { self.source == .index ? self.resolved : "\(self.folder)/requirements.txt" }
    var wheels: String { "\(self.folder)/wheels" }
    var markerPath: String { "\(self.folder)/muster.json" }

    var marker: EnvironmentPlan.Marker {
        EnvironmentPlan.Marker(packages: self.requirements.requirements, python: self.python)
    }

    /// The marker is written last.
    var isWhole: Bool {
        FileManager.default.fileExists(atPath: self.markerPath) && FileManager.default.fileExists(atPath: self.file)
    }

    /// The packages for a message.
    var summary: String {
        let names = self.requirements.requirements
        return names.isEmpty ? "no packages" : names.joined(separator: ", ")
    }

    var resolution: [String] {
        [
            "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--python",
            self.python.path,
        ]
            + (self.version.map { ["--python-version", $0] } ?? []) + self.settings.options + [
                "--output-file", self.resolved, self.wanted,
            ]
    }

    /// Arguments of pip, which builds the wheels that an index does not have.
    var collection: [String] {
        [
            "wheel", "--quiet", "--no-input", "--disable-pip-version-check", "--require-hashes", "--no-deps",
            "--wheel-dir", self.wheels, "--requirement", self.resolved,
        ]
    }

    /// The collected wheels, by name.
    func wheelPaths() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.wheels)) ?? []
        return names.filter { $0.hasSuffix(".whl") }.sorted().map { "\(self.wheels)/\($0)" }
    }

    /// The version of Python that the lock is for, in the words of the step where they say more than the minor version.
    static func version(of python: PythonInterpreter, wanted: String?) -> String {
        let minor = python.version.split(separator: ".").prefix(2).joined(separator: ".")
        guard let wanted, wanted.first?.isNumber == true, wanted.hasPrefix("\(minor).") else { return minor }
        return wanted
    }
}
