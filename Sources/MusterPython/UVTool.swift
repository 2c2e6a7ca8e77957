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
    ///   - travels: It has to run on other machines too (``PortableProgram``); others than the named one are passed over.
    /// - Throws: ``PythonError``.
    func path(
        python: PythonInterpreter, travels: Bool = false, progress: @Sendable (String) -> Void
    ) async throws(PythonError) -> String {
        let path = self.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        if let named = self.environment["MUSTER_UV"], !named.isEmpty {
            guard try await self.runs(named) else {
                throw PythonError(
                    code: .tool, message: "MUSTER_UV names \(named), which does not run as uv; correct or unset it")
            }
            guard travels else { return named }
            return try self.portable(ExecutableSearch.find(named, path: path) ?? named)
        }
        for candidate in ExecutableSearch.all("uv", path: path) + self.beside {
            if travels, PortableProgram.obstacle(candidate) != nil { continue }
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

    private func portable(_ path: String) throws(PythonError) -> String {
        guard let obstacle = PortableProgram.obstacle(path) else { return path }
        throw PythonError(
            code: .tool,
            message:
                "MUSTER_UV names \(path), which cannot run on the nodes that make Python environments with it: \(obstacle); name the uv of a release, or unset it and one is installed from PyPI"
        )
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
        let pip = PipTool(reactor: self.reactor, environment: self.environment)
        let path = try await pip.interpreter(
            for: python, scratch: "\(new)/pip", purpose: "packages are installed with uv, which is not on the PATH",
            remedy: "install uv, or python3-venv")
        let arguments = ["install", "--quiet", "--no-input", "--target", "\(new)/packages", "uv"]
        let outcome = try await pip.run(path, arguments, doing: "installing uv")
        guard outcome.status.isSuccess else {
            var error = PythonError.tool("installing uv with \(path) -m pip", outcome: outcome)
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
}
