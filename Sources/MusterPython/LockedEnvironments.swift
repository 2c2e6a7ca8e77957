internal import FoundationEssentials
package import MusterProcess

/// Python environments of a machine elsewhere, made from locks that travelled to it.
///
///     FOLDER/environments/KEY-…/    an environment
///     FOLDER/environments/KEY.json  names it, as soon as it is complete
///     FOLDER/interpreters/          descriptions of interpreters
///     FOLDER/locks/KEY.lock         locked while that environment is made
///     FOLDER/uv/                    uv's own cache
///
/// Everything is in one folder, which may be removed when nobody uses it. An environment has a name that was never used
/// before: a uv that outlives its agent writes into a folder that is not taken for complete.
package struct LockedEnvironments: Sendable {
    /// The files of this machine from which an environment is made.
    package struct Materials: Sendable {
        package var uv: String
        package var lock: String
        /// A folder with a wheel for each package of the lock; nil: from an index.
        package var wheels: String?

        package init(uv: String, lock: String, wheels: String?) {
            self.uv = uv
            self.lock = lock
            self.wheels = wheels
        }
    }

    private let folder: String
    private let reactor: ProcessReactor
    private let environment: [String: String]

    /// - Parameters:
    ///   - folder: An absolute path; made when it is needed.
    ///   - environment: The complete environment in which interpreters and uv are found and run.
    package init(folder: String, reactor: ProcessReactor, environment: [String: String]) {
        self.folder = folder
        self.reactor = reactor
        self.environment = environment
    }

    /// The path of an interpreter that has the packages of a lock, and only them. Concurrent calls for one lock, in this
    /// process or others, make the environment once.
    /// - Parameters:
    ///   - digest: Of the lock.
    ///   - version: The version of Python that the lock is for.
    ///   - preferred: The name or path of an interpreter, which is taken if it has that version.
    ///   - bring: Called when the environment has to be made.
    /// - Throws: ``PythonError``, and what `bring` throws.
    package func interpreter(
        lock digest: String, python version: String, preferred: String? = nil, bring: () async throws -> Materials
    ) async throws -> String {
        let python = try await self.python(version, preferred)
        let plan = LockedPlan(lock: digest, python: python, folder: self.folder)
        if let interpreter = plan.interpreter { return interpreter }
        try CacheFolder.make("\(self.folder)/locks")
        try CacheFolder.make(plan.environments)
        // Another node of this machine makes the same environment when somebody has the lock.
        let lock = try await CacheFolder.lock("\(self.folder)/locks/\(plan.key).lock") {}
        defer { withExtendedLifetime(lock) {} }
        if let interpreter = plan.interpreter { return interpreter }
        plan.removeRest()
        return try await self.make(plan, from: try await bring())
    }

    private func python(_ version: String, _ preferred: String?) async throws(PythonError) -> PythonInterpreter {
        let probe = InterpreterProbe(
            folder: "\(self.folder)/interpreters", reactor: self.reactor, environment: self.environment)
        do throws(PythonError) {
            let search = InterpreterSearch(probe: probe, environment: self.environment)
            if let preferred, let found = try await search.program(preferred), found.isVersion(version) { return found }
            return try await search.find(version)
        } catch {
            throw error.adding(
                "the packages of the step were locked for Python \(version), the version where the run was started: take an image that has it, or ask with the decorator's `python` for one that both have"
            )
        }
    }

    private func make(_ plan: LockedPlan, from materials: Materials) async throws(PythonError) -> String {
        let pip = PipSettings(environment: self.environment, prefix: plan.python.prefix)
        let settings = UVSettings(environment: self.environment, pip: pip)
        let subject = "making a Python \(plan.python.version) environment on this node"
        let run = UVRun(
            uv: materials.uv, folder: self.folder,
            environment: plan.variables(settings.environment, isOffline: materials.wheels != nil),
            reactor: self.reactor, subject: subject, progress: { _ in }, endsWithProgram: true)
        let environment = plan.newFolder()
        do throws(PythonError) {
            try await run(LockedPlan.creation(of: environment, plan.python))
            if !(try CacheFolder.text(materials.lock)).isEmpty {
                try await run(LockedPlan.installation(materials, in: environment, settings.options))
            }
            try CacheFolder.write(LockedPlan.Marker(folder: environment), to: plan.markerPath)
        } catch {
            CacheFolder.remove(environment)
            throw error.adding(Self.advice(error, materials))
        }
        return LockedPlan.interpreter(of: environment)
    }

    private static func advice(_ error: PythonError, _ materials: Materials) -> String? {
        switch error.code {
        case .tool:
            "the uv of the machine that started the run does not start here; name one in MUSTER_UV there that does, such as a static one"
        case .network where materials.wheels == nil, .resolution where materials.wheels == nil:
            "where nodes reach no index that has the packages, the setting python.wheels: store brings them from the bucket"
        default: nil
        }
    }
}
