import Foundation
import MusterEngine
import MusterModel
import MusterProcess
import MusterPython

extension PythonEnvironments: StepEnvironments {}

/// Python environments whose place is looked for when a step needs one: a run that needs none needs no home folder either.
struct EnvironmentsOnDemand: StepEnvironments {
    let reactor: ProcessReactor
    let environment: [String: String]

    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        let cache = try PythonEnvironments.defaultCache(
            environment: self.environment.merging(self.home) { given, _ in given })
        return try await PythonEnvironments(cache: cache, reactor: self.reactor, environment: self.environment)
            .interpreter(for: requirements, progress: progress)
    }

    /// The home folder that the system has for this user; `HOME` comes first.
    private var home: [String: String] {
        guard let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir else { return [:] }
        let path = String(cString: folder)
        return access(path, W_OK) == 0 ? ["HOME": path] : [:]
    }
}
