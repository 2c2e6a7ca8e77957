internal import FoundationEssentials
internal import MusterProcess

/// The uv that resolves and installs packages: the one of `MUSTER_UV`, of the PATH, beside this program, or one that
/// pip installs into the cache.
struct UVTool: Sendable {
    let cache: String
    let reactor: ProcessReactor
    let environment: [String: String]

    private var folder: String { "\(self.cache)/tools/uv" }

    /// Returns the path of a uv that runs.
    /// - Parameters:
    ///   - python: The interpreter whose pip installs uv if there is none.
    /// - Throws: ``PythonError``.
    func path(python: PythonInterpreter, progress: @Sendable (String) -> Void) async throws(PythonError) -> String {
        if let named = self.environment["MUSTER_UV"], !named.isEmpty {
            guard try await self.runs(named) else {
                throw PythonError(
                    code: .tool, message: "MUSTER_UV names \(named), which does not run as uv; correct or unset it")
            }
            return named
        }
        let path = self.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for candidate in ExecutableSearch.all("uv", path: path) + self.beside {
            if try await self.runs(candidate) { return candidate }
        }
        let own = "\(self.folder)/bin/uv"
        if ExecutableSearch.isExecutable(own) { return own }
        try CacheFolder.make("\(self.cache)/locks")
        let lock = try await CacheFolder.lock("\(self.cache)/locks/uv.lock") {
            progress("another program is installing uv")
        }
        defer { withExtendedLifetime(lock) {} }
        if !ExecutableSearch.isExecutable(own) { try await self.install(python: python, progress: progress) }
        return own
    }

    /// The uv of the virtual environment that this program is installed in, which need not be on the PATH.
    private var beside: [String] {
        guard let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let slash = own.lastIndex(of: "/")
        else { return [] }
        let uv = "\(own[..<slash])/uv"
        return ExecutableSearch.isExecutable(uv) ? [uv] : []
    }

    private func runs(_ path: String) async throws(PythonError) -> Bool {
        let spec = ProcessSpec(executable: path, arguments: ["--version"], environment: self.environment)
        do {
            return try await self.reactor.run(spec).status.isSuccess
        } catch let error as CancellationError {
            throw PythonError.running("looking for uv", error: error)
        } catch {
            return false
        }
    }

    // MARK: Installing

    /// Installs into a folder beside and renames it, so that a uv in the final folder is complete.
    private func install(python: PythonInterpreter, progress: @Sendable (String) -> Void) async throws(PythonError) {
        progress("installing uv into \(self.folder), once")
        let new = "\(self.folder).new"
        CacheFolder.remove(new)
        CacheFolder.remove(self.folder)
        try CacheFolder.make(new)
        defer { CacheFolder.remove(new) }
        let pip = try await self.pip(of: python, scratch: "\(new)/pip")
        let arguments = ["-m", "pip", "install", "--quiet", "--no-input", "--target", "\(new)/packages", "uv"]
        let outcome = try await self.run(pip, arguments, doing: "installing uv")
        guard outcome.status.isSuccess else {
            var error = PythonError.tool("installing uv with \(pip) -m pip", outcome: outcome)
            if error.code == .resolution { error.code = .tool }
            error.message += "\ninstall uv yourself and put it on the PATH, or name it in MUSTER_UV"
            throw error
        }
        do {
            try FileManager.default.moveItem(atPath: "\(new)/packages", toPath: self.folder)
        } catch {
            throw CacheFolder.failure("uv cannot be put into \(self.folder)", error)
        }
        guard try await self.runs("\(self.folder)/bin/uv") else {
            throw PythonError(
                code: .tool,
                message:
                    "the uv that was installed into \(self.folder) does not run; install uv yourself and name it in MUSTER_UV"
            )
        }
    }

    /// The path of a Python that has pip: this one, or that of a virtual environment made from it.
    private func pip(of python: PythonInterpreter, scratch: String) async throws(PythonError) -> String {
        if try await self.run(python.path, ["-m", "pip", "--version"], doing: "looking for pip").status.isSuccess {
            return python.path
        }
        let outcome = try await self.run(python.path, ["-m", "venv", scratch], doing: "making an environment")
        guard outcome.status.isSuccess else {
            throw PythonError(
                code: .tool,
                message:
                    "packages are installed with uv, which is not on the PATH, and \(python.path) has neither pip nor venv to install it with; install uv, or python3-venv"
            )
        }
        return "\(scratch)/bin/python"
    }

    private func run(_ executable: String, _ arguments: [String], doing: String) async throws(PythonError)
        -> ProcessOutcome
    {
        var environment = self.environment
        for name in ["PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"] { environment[name] = nil }
        // Both contradict `--target`.
        environment["PIP_USER"] = "0"
        environment["PIP_REQUIRE_VIRTUALENV"] = "0"
        do {
            return try await self.reactor.run(
                ProcessSpec(executable: executable, arguments: arguments, environment: environment))
        } catch {
            throw PythonError.running(doing, error: error)
        }
    }
}
