import Foundation
import MusterModel
import MusterStore
import MusterSystem

/// Parameters that are files: a run keeps their bytes, so that it is the same wherever and whenever its steps run.
struct FileParameters {
    private let manifest: FlowManifest
    private let store: ArtifactStore

    init(_ manifest: FlowManifest, store: ArtifactStore) {
        self.manifest = manifest
        self.store = store
    }

    /// `values` with the reference of an artifact for every path.
    /// - Throws: ``EngineError`` naming the parameter whose file cannot be read, `StoreError`.
    func keep(_ values: [String: ParameterValue]) throws -> [String: ParameterValue] {
        var values = values
        for parameter in self.manifest.parameters where parameter.kind == .file {
            guard let path = values[parameter.name]?.text else { continue }
            let reference = try self.store.put(copyOf: try self.file(path, of: parameter), encoding: .data)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            values[parameter.name] = ParameterValue(String(decoding: try encoder.encode(reference), as: UTF8.self))
        }
        return values
    }

    /// A relative path counts from the current folder, then from the flow's own.
    private func file(_ path: String, of parameter: ParameterManifest) throws -> String {
        let expanded = (path as NSString).expandingTildeInPath
        let candidates = expanded.hasPrefix("/") ? [expanded] : [expanded, "\(self.manifest.folder)/\(expanded)"]
        let found = candidates.first(where: FileManager.default.fileExists(atPath:)) ?? expanded
        var isFolder: ObjCBool = false
        let reason =
            !FileManager.default.fileExists(atPath: found, isDirectory: &isFolder)
            ? "there is none"
            : isFolder.boolValue ? "it is a folder" : access(found, R_OK) != 0 ? SystemError.lastText : nil
        guard let reason else { return found }
        throw EngineError(
            code: .flow,
            message:
                "the file '\(path)' of parameter '\(parameter.name)' cannot be read: \(reason); give another one with \(ParameterSpelling.flag(parameter.name))"
        )
    }
}
