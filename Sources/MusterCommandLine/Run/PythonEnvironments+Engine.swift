import Foundation
import MusterEngine
import MusterModel
import MusterProcess
import MusterPython
import MusterWire

/// Python environments whose place is looked for when a step needs one: a run that needs none needs no home folder either.
struct EnvironmentsOnDemand: StepEnvironments {
    let reactor: ProcessReactor
    let environment: [String: String]
    /// The source of packages for nodes that see nothing but the bucket.
    let wheels: WheelSource
    /// Stores what those nodes need; nil for a store in a folder.
    let bucketNodes: BucketNodes?

    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        try await self.environments().interpreter(for: requirements, progress: progress)
    }

    func carried(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> CarriedEnvironment {
        guard let nodes = self.bucketNodes else {
            throw EngineError(
                code: .refused, message: "nodes that see no folder of this machine need a store in a bucket")
        }
        let lock = try await self.environments().lock(for: requirements, from: self.wheels, progress: progress)
        if let wheels = lock.wheels {
            progress("storing \(wheels.count) wheels for nodes, where the bucket has them not")
        }
        return try await nodes.environment(lock)
    }

    private func environments() throws -> PythonEnvironments {
        let cache = try PythonEnvironments.defaultCache(
            environment: self.environment.merging(self.home) { given, _ in given })
        return PythonEnvironments(cache: cache, reactor: self.reactor, environment: self.environment)
    }

    /// The home folder that the system has for this user; `HOME` comes first.
    private var home: [String: String] {
        guard let entry = getpwuid(getuid()), let folder = entry.pointee.pw_dir else { return [:] }
        let path = String(cString: folder)
        return access(path, W_OK) == 0 ? ["HOME": path] : [:]
    }
}
