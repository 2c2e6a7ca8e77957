import FoundationEssentials
import Glibc
import MusterCourier
import MusterModel
import MusterProcess
import MusterPython
import MusterStore
import MusterSystem
import MusterWire

/// The Python of a flow's steps on this machine.
extension BucketNode {
    /// The interpreter of the step's environment, which is made when no node of this machine has made it before.
    /// - Parameters:
    ///   - preferred: The name or path of the Python that it is made from, where that has the right version.
    ///   - environment: The place's own.
    func interpreter(
        of carried: CarriedEnvironment, at preferred: String?, _ environment: [String: String]
    ) async throws -> String {
        let environments = LockedEnvironments(
            folder: self.cache.python, reactor: try ProcessReactor(), environment: NodePlace.scrubbed(environment))
        return try await environments.interpreter(
            lock: carried.lock.digest, python: carried.python, preferred: preferred
        ) {
            try await self.courier.fetch([carried.uv, carried.lock])
            return LockedEnvironments.Materials(
                uv: try self.program("uv", carried.uv), lock: self.layout.artifactFile(carried.lock.digest),
                wheels: try await self.wheels(of: carried))
        }
    }

    /// Brings the files of the packages; nil when they come from an index.
    /// - Returns: A folder in which each has its name.
    private func wheels(of carried: CarriedEnvironment) async throws -> String? {
        guard let wheels = carried.wheels else { return nil }
        let folder = "\(self.cache.python)/wheels/\(carried.lock.digest)"
        try Folder.make(folder, mode: 0o700)
        for wheel in wheels where wheel.name.contains("/") || !wheel.name.hasSuffix(".whl") {
            throw AgentError("'\(wheel.name)' cannot be the name of a package's file")
        }
        do {
            try await self.courier.fetch(wheels.map(\.file))
        } catch let error as StoreError where error.code == .corrupt {
            guard let damaged = wheels.first(where: { error.message.contains($0.file.digest) }) else { throw error }
            throw AgentError(
                "\(damaged.name), one of the step's Python packages, is damaged in the bucket: the bytes of the object \(BucketLayout.artifact(damaged.file.digest)) have another digest; remove that object and run the step again"
            )
        }
        for wheel in wheels {
            // Hard links: uv reads what is in the folder, and both are on one file system.
            let path = "\(folder)/\(wheel.name)"
            guard link(self.layout.artifactFile(wheel.file.digest), path) == 0 || errno == EEXIST else {
                throw AgentError.system("link \(path)")
            }
        }
        return folder
    }

    /// The Python that the machine has: the named one, or the first on its `PATH`.
    static func python(_ name: String?, _ environment: [String: String]) throws -> String {
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let names = name.map { [$0] } ?? ["python3", "python"]
        guard let python = names.lazy.compactMap({ ExecutableSearch.find($0, path: path) }).first else {
            throw AgentError(
                "there is no \(names[0]) on the PATH of this node, which is \(path); the flow is in Python: take an image that has it"
            )
        }
        return python
    }
}
