internal import MusterModel
internal import MusterProcess

/// The pip of an interpreter, for what uv does not do: installing uv, and collecting wheels as files.
struct PipTool: Sendable {
    let reactor: ProcessReactor
    let environment: [String: String]

    /// The path of a Python that has pip: this one, or that of a virtual environment made from it.
    /// - Parameters:
    ///   - scratch: The folder for that environment.
    ///   - purpose: Why pip is needed, for a message.
    ///   - remedy: What can be done where there is none.
    func interpreter(
        for python: PythonInterpreter, scratch: String, purpose: String, remedy: String
    ) async throws(PythonError) -> String {
        if try await self.run(python.path, ["--version"], doing: "looking for pip").status.isSuccess {
            return python.path
        }
        let outcome = try await self.run(python.path, module: "venv", [scratch], doing: "making an environment")
        guard outcome.status.isSuccess else {
            throw PythonError(
                code: .tool,
                message: "\(purpose), and \(python.path) has neither pip nor venv to install it with; \(remedy)")
        }
        return "\(scratch)/bin/python"
    }

    /// Runs `python -m pip`, or another module.
    func run(
        _ python: String, module: String = "pip", _ arguments: [String], doing: String
    ) async throws(PythonError) -> ProcessOutcome {
        var environment = self.environment
        for name in ["PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"] { environment[name] = nil }
        // Both contradict `--target`.
        environment["PIP_USER"] = "0"
        environment["PIP_REQUIRE_VIRTUALENV"] = "0"
        do {
            return try await self.reactor.run(
                ProcessSpec(executable: python, arguments: ["-m", module] + arguments, environment: environment))
        } catch {
            throw PythonError.running(doing, error: error)
        }
    }
}

extension PipTool {
    /// pip's variables for settings of uv that decide where packages come from; uv's own go before pip's.
    static func variables(_ environment: [String: String]) -> [String: String] {
        let set = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let words = { (name: String) in
            // An index of uv may have a name: `name=https://…`.
            set(name)?.split(whereSeparator: \.isWhitespace).map { word in
                let parts = word.split(separator: "=", maxSplits: 1)
                return String(parts.count == 2 && !parts[0].contains(":") ? parts[1] : word)
            }
        }
        let links = set("UV_FIND_LINKS")?.split { $0 == "," || $0.isWhitespace }.joined(separator: " ")
        let values = [
            "PIP_INDEX_URL": set("UV_DEFAULT_INDEX") ?? set("UV_INDEX_URL"),
            "PIP_EXTRA_INDEX_URL": (words("UV_INDEX") ?? words("UV_EXTRA_INDEX_URL"))?.joined(separator: " "),
            "PIP_FIND_LINKS": links, "PIP_NO_INDEX": set("UV_NO_INDEX"),
            "PIP_TRUSTED_HOST": set("UV_INSECURE_HOST"), "PIP_CERT": set("SSL_CERT_FILE"),
        ]
        return environment.merging(values.compactMapValues { $0 }) { $1 }
    }
}
