import FoundationEssentials
import MusterModel
import MusterStore
import MusterWire

/// Answers that take work on files. Blocks: for a thread that may.
struct RequestWork: Sendable {
    let spec: NodeSpec
    let folder: NodeFolder
    let store: ArtifactStore
    let blame: Blame

    /// Checks artifacts against their digests and answers with their paths.
    func verify(_ references: [ArtifactReference], isList: Bool) -> AgentAnswer {
        do {
            let paths = try references.map(self.store.verifiedPath)
            return isList ? .artifacts(paths: paths) : .artifact(path: paths[0])
        } catch {
            return .failed(failure: self.blame.failure(.store, "\(error)"))
        }
    }

    /// Moves a card's file into the store.
    func takeCard(_ name: String, _ file: String) -> AgentAnswer {
        do {
            guard let card = CardName(name) else {
                throw AgentError("'\(name)' is no card's name; it is PLACE_TYPE or PLACE_TYPE_ID")
            }
            let path = try TaskFolderFile.path("the card '\(name)'", file, in: self.folder.task)
            try CardStore(self.store.layout).take(
                file: path, as: card, of: self.spec.attempt, node: self.spec.index)
            return .done
        } catch {
            return .failed(failure: self.blame.failure(error is StoreError ? .store : .contract, "\(error)"))
        }
    }
}
