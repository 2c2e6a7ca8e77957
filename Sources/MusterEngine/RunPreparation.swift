import Foundation
import Glibc
import MusterBackends
package import MusterMetadata
package import MusterModel
package import MusterStore

/// The tags and the namespace of a run.
package struct RunLabel: Sendable, Equatable {
    package var tags: [String]
    package var namespace: String?

    package init(tags: [String] = [], namespace: String? = nil) {
        self.tags = tags
        self.namespace = namespace
    }
}

/// The checks and records before a run. Every fault that can be known is found here, before a task starts.
package struct RunPreparation: Sendable {
    package let layout: StoreLayout
    package let metadata: any MetadataStore
    /// Of a store in a bucket.
    private let courier: (any StoreCourier)?

    package init(layout: StoreLayout, metadata: any MetadataStore, courier: (any StoreCourier)? = nil) {
        self.layout = layout
        self.metadata = metadata
        self.courier = courier
    }

    /// Checks the flow, keeps its code and makes the record of a new run.
    /// - Parameters:
    ///   - program: The flow program: its absolute path, and arguments that come before the verb.
    ///   - parameters: Every parameter of the flow, files by their paths; for a resumed run the stored values.
    ///   - workFolder: The source on which its steps run in place; nil when each runs in a copy of the code package.
    ///   - capacity: The machine's resources; nil for a place with its own queue.
    ///   - origin: The run that the new one resumes.
    ///   - label: Its first tags, and its namespace.
    ///   - name: The run's id; nil makes one.
    /// - Throws: ``EngineError`` with the fault of the flow, `StoreError`, `MetadataError`.
    package func newRun(
        of manifest: FlowManifest, program: [String], parameters: [String: ParameterValue], user: String,
        workFolder: String? = nil, capacity: MachineCapacity?, origin: String? = nil, label: RunLabel = RunLabel(),
        name: String? = nil
    ) async throws -> RunRecord {
        if let name { try self.check(name) }
        try self.check(manifest, capacity: capacity)
        let package = try CodePackage(folder: manifest.folder)
        try self.checkEntrypoints(of: manifest, in: package, workFolder)
        let code = try package.packed()
        try code.keep(in: self.layout)
        try await self.courier?.store(package: code)
        // Values of a resumed run are stored unchanged.
        let values =
            origin == nil
            ? try FileParameters(manifest, store: ArtifactStore(self.layout)).keep(parameters) : parameters
        // The id is the time in microseconds, as in Metaflow. If that id exists, the next one is tried.
        var number = Int(Date().timeIntervalSince1970 * 1_000_000)
        while true {
            let record = RunRecord(
                flow: manifest.name, run: name ?? "\(number)", user: user, created: Date().timeIntervalSince1970,
                originRun: origin, program: program, manifest: manifest, parameters: values, package: code.digest,
                tags: label.tags.isEmpty ? nil : label.tags, namespace: label.namespace,
                isIsolated: workFolder == nil ? true : nil)
            do {
                try await self.metadata.create(record.withoutSecrets)
                return record
            } catch let error as MetadataError where error.code == .duplicate {
                if let name { throw Self.taken(name, manifest.name) }
                number += 1
            }
        }
    }

    /// Numbers are the names that the clock gives.
    private func check(_ name: String) throws {
        let isName = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_.".utf8.contains(byte)
        }
        guard isName, (1...200).contains(name.utf8.count), name.first != ".", name.first != "-", Int(name) == nil,
            name != "latest"
        else {
            throw EngineError(
                code: .refused,
                message:
                    "a run cannot have the id '\(name)'; an id is made of letters, digits, '-', '_' and '.', and is no number"
            )
        }
    }

    private static func taken(_ name: String, _ flow: String) -> EngineError {
        EngineError(
            code: .refused, message: "there is a run \(flow)/\(name) already; give the new one another --run-id")
    }

    private func check(_ manifest: FlowManifest, capacity: MachineCapacity?) throws {
        let problems = GraphRules.problems(in: manifest)
        guard problems.isEmpty else {
            throw EngineError(code: .flow, message: problems.map(\.description).joined(separator: "\n"))
        }
        guard let capacity else { return }
        for step in manifest.steps {
            if let shortage = Reservations.shortage(nodes: 1, step.settings.resources, capacity: capacity) {
                throw EngineError(code: .refused, message: shortage.refusal(of: step.name, in: manifest))
            }
        }
    }

    /// Entrypoints that the flow names literally have to be there before any cluster is formed for them.
    private func checkEntrypoints(
        of manifest: FlowManifest, in package: CodePackage, _ workFolder: String?
    ) throws {
        for step in manifest.steps {
            for entrypoint in step.entrypoints where !entrypoint.hasPrefix("/") {
                if let workFolder {
                    let places = [manifest.folder, workFolder]
                    if places.contains(where: { access("\($0)/\(entrypoint)", R_OK) == 0 }) { continue }
                } else if package.hasFile(entrypoint) {
                    continue
                }
                let line = step.location.map { " (\($0))" } ?? ""
                let place =
                    workFolder.map { "beside the flow in \(manifest.folder), nor in \($0)" }
                    ?? "in the flow's code package, made from \(manifest.folder)"
                throw EngineError(
                    code: .flow,
                    message: "step \(step.name) runs \(entrypoint)\(line), but there is no such file \(place)")
            }
        }
    }
}
