import Foundation
import MusterModel
import MusterProcess
import MusterStore

/// What pickles hold, as text: only the flow's own Python can tell, so its program is asked.
struct PickleTexts {
    let reactor: ProcessReactor
    let environment: [String: String]
    let layout: StoreLayout

    /// A text for each pickle among `references`, by its digest; none for those about which nothing can be told.
    /// - Parameter limit: Characters after which a text is cut.
    func texts(of references: [ArtifactReference], in record: RunRecord, limit: Int) async throws -> [String: String] {
        let pickles = references.filter { $0.encoding == .pickle }
        guard !pickles.isEmpty, record.manifest.language == "python", let python = record.program.first else {
            return [:]
        }
        let store = ArtifactStore(self.layout)
        let paths = try pickles.map { try store.verifiedPath($0) }
        let spec = ProcessSpec(
            executable: python, arguments: Array(record.program.dropFirst()) + ["values", "\(limit)"] + paths,
            environment: self.environment, workingDirectory: self.layout.packageFolder(record.package))
        guard let outcome = try? await self.reactor.run(spec), outcome.status.isSuccess,
            let texts = try? JSONDecoder().decode([String].self, from: Data(outcome.standardOutput)),
            texts.count == pickles.count
        else { return [:] }
        return Dictionary(zip(pickles.map(\.digest), texts)) { first, _ in first }
    }
}
