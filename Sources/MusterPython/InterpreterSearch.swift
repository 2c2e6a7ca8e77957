internal import FoundationEssentials
internal import MusterProcess

/// Finds the interpreter that a step asks for. Interpreters are never downloaded.
struct InterpreterSearch: Sendable {
    let probe: InterpreterProbe
    let environment: [String: String]

    private var path: String { self.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin" }

    /// Finds the interpreter for `wanted`: nil, a version, a path, or the name of a program on the PATH.
    /// - Throws: ``PythonError`` that names what was looked for and, for a version, which ones there are.
    func find(_ wanted: String?) async throws(PythonError) -> PythonInterpreter {
        guard let wanted, !wanted.isEmpty else { return try await self.anyPython() }
        if wanted.contains("/") { return try await self.python(at: wanted) }
        if wanted.first?.isNumber == true { return try await self.python(version: wanted) }
        if let found = try await self.program(wanted) { return found }
        throw PythonError(
            code: .noInterpreter,
            message:
                "there is no Python called \(wanted) on the PATH, which is \(self.path); name a version such as 3.11, or a path"
        )
    }

    /// The interpreter with that path or name; nil when there is none.
    func program(_ name: String) async throws(PythonError) -> PythonInterpreter? {
        for candidate in name.contains("/") ? [name] : ExecutableSearch.all(name, path: self.path) {
            if let found = try await self.probe.interpreter(at: candidate) { return found }
        }
        return nil
    }

    private func anyPython() async throws(PythonError) -> PythonInterpreter {
        for candidate in ["python3", "python"].flatMap({ ExecutableSearch.all($0, path: self.path) }) {
            if let found = try await self.probe.interpreter(at: candidate), found.isVersion("3") { return found }
        }
        throw PythonError(
            code: .noInterpreter,
            message:
                "there is no python3 on the PATH, which is \(self.path); install Python 3, or name one with the decorator's `python:`"
        )
    }

    private func python(at path: String) async throws(PythonError) -> PythonInterpreter {
        let home = self.environment["HOME"] ?? ""
        let expanded = path.hasPrefix("~/") ? home + path.dropFirst() : path
        if let found = try await self.probe.interpreter(at: expanded) { return found }
        let reason =
            ExecutableSearch.isExecutable(expanded) ? "it does not run as a Python" : "there is no such program"
        throw PythonError(code: .noInterpreter, message: "the Python \(path) cannot be used: \(reason)")
    }

    private func python(version: String) async throws(PythonError) -> PythonInterpreter {
        guard version.allSatisfy({ $0.isNumber || $0 == "." }) else {
            throw PythonError(
                code: .noInterpreter,
                message: "`\(version)` is not a version of Python; write 3.11 or 3.11.7, or a path")
        }
        let minor = version.split(separator: ".").prefix(2).joined(separator: ".")
        let names = ["python\(minor)", "python3", "python"]
        for candidate in names.flatMap({ ExecutableSearch.all($0, path: self.path) }) + self.managed() {
            if let found = try await self.probe.interpreter(at: candidate), found.isVersion(version) { return found }
        }
        throw try await self.missing(version)
    }

    /// A sentence that lists the available versions.
    private func missing(_ version: String) async throws(PythonError) -> PythonError {
        var found: [String: String] = [:]
        let names = ["python3", "python"] + (6...30).map { "python3.\($0)" }
        for candidate in names.flatMap({ ExecutableSearch.all($0, path: self.path) }) + self.managed() {
            guard let interpreter = try await self.probe.interpreter(at: candidate) else { continue }
            found[interpreter.version] = interpreter.path
        }
        let list = found.keys.sorted { Self.numbers($0).lexicographicallyPrecedes(Self.numbers($1)) }
        let there = list.isEmpty ? "none was found" : "found: \(list.joined(separator: ", "))"
        return PythonError(
            code: .noInterpreter,
            message: "Python \(version) is not on this machine (\(there)); install it, or ask for one that is there")
    }

    private static func numbers(_ version: String) -> [Int] { version.split(separator: ".").map { Int($0) ?? 0 } }

    /// The interpreters that pyenv has installed, newest first. Shims of inactive versions do not work.
    private func managed() -> [String] {
        guard let root = self.environment["PYENV_ROOT"] ?? self.environment["HOME"].map({ "\($0)/.pyenv" }),
            let versions = try? FileManager.default.contentsOfDirectory(atPath: "\(root)/versions")
        else { return [] }
        return versions.sorted { Self.numbers($1).lexicographicallyPrecedes(Self.numbers($0)) }
            .map { "\(root)/versions/\($0)/bin/python" }
            .filter(ExecutableSearch.isExecutable)
    }
}
