internal import FoundationEssentials
internal import Glibc
package import MusterModel
package import MusterProcess

/// A cache of Python environments, keyed by their content.
///
///     CACHE/environments/KEY/   an environment, complete once it has a `muster.json`
///     CACHE/interpreters/       descriptions of interpreters
///     CACHE/locked/KEY/         a list with exact versions and hashes, complete once it has a `muster.json`
///     CACHE/locks/KEY.lock      locked while that environment, or that list, is made
///     CACHE/tools/uv/           uv, where there is none on the PATH
///
/// The key covers the requirements, the interpreter and the settings that decide where packages come from. Nothing is
/// compiled beforehand, see ``BytecodeDonors``. A list without exact versions is resolved once; delete the
/// environment's folder to resolve it anew.
package struct PythonEnvironments: Sendable {
    let cache: String
    let reactor: ProcessReactor
    let environment: [String: String]

    /// - Parameters:
    ///   - cache: An absolute path; made when it is needed.
    ///   - environment: The complete environment in which interpreters and uv are found and run.
    package init(cache: String, reactor: ProcessReactor, environment: [String: String]) {
        self.cache = cache
        self.reactor = reactor
        self.environment = environment
    }

    /// The usual cache: `$MUSTER_CACHE`, `$XDG_CACHE_HOME/muster` or `~/.cache/muster`.
    package static func defaultCache(environment: [String: String]) throws(PythonError) -> String {
        let set = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let named = set("MUSTER_CACHE") { return named }
        if let caches = set("XDG_CACHE_HOME") { return "\(caches)/muster" }
        if let home = set("HOME") { return "\(home)/.cache/muster" }
        throw PythonError(
            code: .storage, message: "there is no place for Python environments: set HOME or MUSTER_CACHE")
    }

    /// The path of an interpreter that has `requirements`, and only them, installed.
    ///
    /// A cached environment costs a few file reads: no process, no network. Concurrent calls for the same requirements,
    /// in this program or others, make it once.
    /// - Parameter progress: Told what is being done, a line at a time, while an environment is made.
    /// - Throws: ``PythonError``.
    package func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws(PythonError) -> String {
        let list: RequirementList
        do throws(PythonError) {
            list = try RequirementList(requirements.packages)
        } catch {
            throw error.adding(requirements.origin)
        }
        let python = try await self.search.find(requirements.python)
        let pip = PipSettings(environment: self.environment, prefix: python.prefix)
        let plan = EnvironmentPlan(
            requirements: list, python: python, settings: UVSettings(environment: self.environment, pip: pip),
            cache: self.cache)
        if plan.isWhole { return plan.interpreter }
        do throws(PythonError) {
            return try await self.make(plan, progress: progress)
        } catch {
            throw error.code == .resolution ? error.adding(requirements.origin) : error
        }
    }

    var search: InterpreterSearch {
        InterpreterSearch(
            probe: InterpreterProbe(
                folder: "\(self.cache)/interpreters", reactor: self.reactor, environment: self.environment),
            environment: self.environment)
    }

    private func make(_ plan: EnvironmentPlan, progress: @escaping @Sendable (String) -> Void) async throws(PythonError)
        -> String
    {
        try CacheFolder.make("\(self.cache)/locks")
        try CacheFolder.make("\(self.cache)/environments")
        let lock = try await CacheFolder.lock("\(self.cache)/locks/\(plan.key).lock") {
            progress("another run is making the same environment; waiting for it")
        }
        defer { withExtendedLifetime(lock) {} }
        if plan.isWhole { return plan.interpreter }
        let uv = try await UVTool(cache: self.cache, reactor: self.reactor, environment: self.environment)
            .path(python: plan.python, progress: progress)
        let subject = "making a Python \(plan.python.version) environment with \(plan.summary)"
        progress(subject)
        let run = UVRun(
            uv: uv, folder: self.cache, environment: plan.settings.environment, reactor: self.reactor, subject: subject,
            progress: progress)
        try await run(plan.creation)
        if !plan.requirements.requirements.isEmpty {
            try await run(plan.installation)
            BytecodeDonors(environments: "\(self.cache)/environments", python: plan.python, except: plan.folder)
                .give(to: plan.folder)
        }
        try CacheFolder.write(plan.marker, to: plan.markerPath)
        return plan.interpreter
    }
}
