import Foundation
import MusterModel
import MusterStore

/// Parameters that are files: a run keeps their bytes, so that it is the same wherever and whenever its steps run.
struct FileParameters {
    private let manifest: FlowManifest
    private let store: ArtifactStore

    init(_ manifest: FlowManifest, store: ArtifactStore) {
        self.manifest = manifest
        self.store = store
    }

    /// `values` with the reference of an artifact for every path. What a resumed run brings is one already.
    /// - Throws: ``EngineError`` naming the parameter whose file cannot be read, `StoreError`.
    func keep(_ values: [String: JSONValue]) throws -> [String: JSONValue] {
        var values = values
        for parameter in self.manifest.parameters where parameter.kind == .file {
            guard case .string(let path) = values[parameter.name] else { continue }
            let reference = try self.store.put(try self.data(path, of: parameter), encoding: .data)
            values[parameter.name] = try JSONValue(encoding: reference)
        }
        return values
    }

    /// A relative path counts from the current folder, then from the flow's own.
    private func data(_ path: String, of parameter: ParameterManifest) throws -> Data {
        let expanded = (path as NSString).expandingTildeInPath
        let candidates = expanded.hasPrefix("/") ? [expanded] : [expanded, "\(self.manifest.folder)/\(expanded)"]
        let found = candidates.first(where: FileManager.default.fileExists(atPath:)) ?? expanded
        do {
            return try Data(contentsOf: URL(filePath: found))
        } catch {
            throw EngineError(
                code: .flow,
                message:
                    "the file '\(path)' of parameter '\(parameter.name)' cannot be read: \(error.localizedDescription); give another one with \(ParameterSpelling.flag(parameter.name))"
            )
        }
    }
}
