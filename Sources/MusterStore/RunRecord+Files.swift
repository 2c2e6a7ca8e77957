import FoundationEssentials
package import MusterModel

extension RunRecord {
    /// The parameters that are files.
    package var fileReferences: [ArtifactReference] { self.files.map(\.reference) }

    /// The parameters that are files, with their names.
    package var files: [(name: String, reference: ArtifactReference)] {
        self.manifest.parameters.filter { $0.kind == .file }.compactMap { parameter in
            self.parameters[parameter.name]?.text.flatMap {
                try? JSONDecoder().decode(ArtifactReference.self, from: Data($0.utf8))
            }.map { (parameter.name, $0) }
        }
    }
}
