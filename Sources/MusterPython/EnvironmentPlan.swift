internal import FoundationEssentials
internal import MusterProcess

/// One environment: where it is, what goes into it, and the commands that make it. Pure but for ``isWhole``.
struct EnvironmentPlan: Sendable {
    /// Incremented when environments are made differently, so that old ones are not used.
    private static let format = "1"

    /// The content of `muster.json`.
    struct Marker: Codable, Sendable, Equatable {
        var packages: [String]
        var python: PythonInterpreter
    }

    let requirements: RequirementList
    let python: PythonInterpreter
    let settings: UVSettings
    /// 32 hexadecimal digits: equal keys mean equal environments.
    let key: String
    let folder: String

    init(requirements: RequirementList, python: PythonInterpreter, settings: UVSettings, cache: String) {
        self.requirements = requirements
        self.python = python
        self.settings = settings
        let identity = [python.path, python.version, python.abi, python.platform]
        self.key = Digest.of(
            [Self.format] + identity + ["\(requirements.requirements.count)"] + requirements.requirements
                + settings.fingerprint)
        self.folder = "\(cache)/environments/\(self.key)"
    }

    var interpreter: String { "\(self.folder)/bin/python" }
    var markerPath: String { "\(self.folder)/muster.json" }
    /// The marker of the environment at `folder`; nil for an incomplete environment.
    static func marker(at folder: String) -> Marker? {
        FileManager.default.contents(atPath: "\(folder)/muster.json").flatMap {
            try? JSONDecoder().decode(Marker.self, from: $0)
        }
    }

    var marker: Marker { Marker(packages: self.requirements.requirements, python: self.python) }

    /// The marker is written last, so an environment with a marker is complete as long as its interpreter exists.
    var isWhole: Bool {
        FileManager.default.fileExists(atPath: self.markerPath) && ExecutableSearch.isExecutable(self.interpreter)
    }

    /// The packages for a message.
    var summary: String {
        let names = self.requirements.requirements
        return names.isEmpty ? "no packages" : names.joined(separator: ", ")
    }

    /// Arguments of uv, which clear the rest of an interrupted attempt. The environment is made in its final folder,
    /// because its scripts contain the path.
    var creation: [String] { ["venv", "--quiet", "--clear", "--python", self.python.path, self.folder] }

    var installation: [String] {
        ["pip", "install", "--python", self.interpreter] + self.settings.options + ["--"]
            + self.requirements.requirements
    }
}
