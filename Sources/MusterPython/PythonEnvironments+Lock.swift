internal import FoundationEssentials
package import MusterModel
internal import MusterProcess

extension PythonEnvironments {
    /// The lock of `requirements`, from which other machines make an environment. A list without exact versions is resolved
    /// once; delete the lock's folder to resolve it anew.
    /// - Parameters:
    ///   - source: Where those machines take the packages from. For ``WheelSource/store`` their files are collected here.
    ///   - progress: Told what is being done, a line at a time, while a lock is made.
    /// - Throws: ``PythonError``.
    package func lock(
        for requirements: PythonRequirements, from source: WheelSource, progress: @escaping @Sendable (String) -> Void
    ) async throws(PythonError) -> PythonLock {
        do throws(PythonError) {
            let list = try RequirementList(requirements.packages)
            let (python, version) = try await self.python(for: requirements.python, source)
            let pip = PipSettings(environment: self.environment, prefix: python.prefix)
            let plan = LockPlan(
                requirements: list, python: python, version: version,
                settings: UVSettings(environment: self.environment, pip: pip), source: source, cache: self.cache)
            let uv = try await UVTool(cache: self.cache, reactor: self.reactor, environment: self.environment)
                .path(python: python, travels: true, progress: progress)
            try await self.make(plan, uv: uv, progress)
            return PythonLock(
                file: plan.file, python: version ?? LockPlan.version(of: python, wanted: requirements.python), uv: uv,
                wheels: source == .store ? plan.wheelPaths() : nil)
        } catch {
            throw [.resolution, .requirement].contains(error.code) ? error.adding(requirements.origin) : error
        }
    }

    /// The interpreter of `wanted`. A version that only nodes have is resolved with another one.
    /// - Returns: The version as well, where the interpreter has another one.
    private func python(
        for wanted: String?, _ source: WheelSource
    ) async throws(PythonError) -> (PythonInterpreter, version: String?) {
        do throws(PythonError) {
            return (try await self.search.find(wanted), nil)
        } catch {
            let isVersion = wanted?.first?.isNumber == true && wanted?.contains(".") == true
            guard error.code == .noInterpreter, isVersion, let wanted, wanted.allSatisfy({ $0.isNumber || $0 == "." })
            else { throw error }
            // Wheels are collected and built by the Python that they are for.
            guard source == .index else {
                throw error.adding("with python.wheels: store this machine needs the Python that the nodes have")
            }
            return (try await self.search.find(nil), wanted)
        }
    }

    private func make(
        _ plan: LockPlan, uv: String, _ progress: @escaping @Sendable (String) -> Void
    ) async throws(PythonError) {
        if plan.isWhole { return }
        try CacheFolder.make("\(self.cache)/locks")
        try CacheFolder.make("\(self.cache)/locked")
        let lock = try await CacheFolder.lock("\(self.cache)/locks/\(plan.key).lock") {
            progress("another run is locking the same packages; waiting for it")
        }
        defer { withExtendedLifetime(lock) {} }
        if plan.isWhole { return }
        CacheFolder.remove(plan.folder)
        try CacheFolder.make(plan.folder)
        let subject = "locking \(plan.summary) for Python \(plan.version ?? plan.python.version)"
        progress(subject)
        try CacheFolder.write(
            text: plan.requirements.requirements.map { "\($0)\n" }.joined(), to: plan.wanted)
        let run = UVRun(
            uv: uv, folder: self.cache, environment: plan.settings.environment, reactor: self.reactor, subject: subject,
            progress: progress)
        if plan.requirements.requirements.isEmpty {
            try CacheFolder.write(text: "", to: plan.resolved)
        } else {
            try await run(plan.resolution)
        }
        switch plan.source {
        case .index: try Self.checkAddresses(plan)
        case .store: try await self.collect(plan, progress)
        }
        try CacheFolder.write(plan.marker, to: plan.markerPath)
    }

    /// Refuses packages that are files of this machine.
    private static func checkAddresses(_ plan: LockPlan) throws(PythonError) {
        let text = try CacheFolder.text(plan.resolved)
        guard let line = text.split(separator: "\n").first(where: { $0.contains(" @ file:") }) else { return }
        let package = line.split(separator: " ").first ?? ""
        throw PythonError(
            code: .resolution,
            message:
                "\(package) is a file of this machine, which nodes elsewhere do not see; with the setting python.wheels: store it goes there"
        )
    }

    /// Collects the wheels of all packages, and writes the lock that names them by their hashes.
    private func collect(
        _ plan: LockPlan, _ progress: @escaping @Sendable (String) -> Void
    ) async throws(PythonError) {
        try CacheFolder.make(plan.wheels)
        if !(try CacheFolder.text(plan.resolved)).isEmpty {
            progress("collecting the wheels of \(plan.summary)")
            let pip = PipTool(reactor: self.reactor, environment: PipTool.variables(self.environment))
            let path = try await pip.interpreter(
                for: plan.python, scratch: "\(plan.folder)/pip", purpose: "wheels are collected with pip",
                remedy: "install python3-venv, or let nodes take packages from an index with python.wheels: index")
            let outcome = try await pip.run(path, plan.collection, doing: "collecting wheels")
            CacheFolder.remove("\(plan.folder)/pip")
            guard outcome.status.isSuccess else {
                throw PythonError.tool("collecting the wheels of \(plan.summary)", outcome: outcome)
            }
        }
        var lines = ""
        for wheel in plan.wheelPaths() { lines += try WheelFile.line(for: wheel) + "\n" }
        try CacheFolder.write(text: lines, to: plan.file)
    }
}
