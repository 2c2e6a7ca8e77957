import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// Reads what a step program left and takes it into the store. Blocks: for a thread that may.
struct ResultCollector: Sendable {
    let folder: String
    let store: ArtifactStore
    /// No process is left that the step has started.
    let leavesNothing: Bool
    let blame: Blame
    /// Failures that the step body was told of.
    let causes: [TaskFailure]

    /// Bytes that are hashed in less time than another thread takes to be woken.
    private static let brief = 1 << 20
    /// The longest result that is read, in bytes: there is room for a million artifacts in it.
    private static let longestResult = 256 << 20

    /// Whether what has to be read is so little that the agent's loop may do it.
    var isBrief: Bool {
        var rest = Self.brief
        let artifacts = NodeFolder.artifactsName
        for folder in [self.folder, "\(self.folder)/\(artifacts)"] {
            for name in Folder.names(in: folder) ?? [] where name != artifacts {
                guard let status = FileStatus(ofLink: "\(folder)/\(name)"), status.isFile else { return false }
                rest -= status.size
            }
        }
        return rest >= 0
    }

    /// How the step body ended, as its program left `status` and the task folder.
    func outcome(_ status: ExitStatus, lastLines: [String]) -> NodeOutcome {
        if case .signaled = status { return .failed(failure: self.blame.failure(status, lastLines: lastLines)) }
        do {
            guard let result = try self.read() else {
                if !status.isSuccess { return .failed(failure: self.blame.failure(status, lastLines: lastLines)) }
                throw AgentError("the step program left with exit code 0 but no \(ResultFile.name)")
            }
            if let error = result.error {
                guard result.transition == nil else {
                    throw AgentError("\(ResultFile.name) has both a transition and an error")
                }
                let cause = self.causes.last { $0.code == error.code && $0.message == error.message }
                return .failed(
                    failure: cause ?? self.blame.failure(error, status, lastLines: lastLines), left: self.left(result))
            }
            guard status.isSuccess else { return .failed(failure: self.blame.failure(status, lastLines: lastLines)) }
            guard let transition = result.transition else {
                throw AgentError("\(ResultFile.name) has neither a transition nor an error")
            }
            return .succeeded(
                result: NodeResult(
                    transition: transition, artifacts: try self.artifacts(of: result), items: try self.items(transition)
                ))
        } catch let error as StoreError {
            return .failed(failure: self.blame.failure(.store, error.message, lastLines: lastLines))
        } catch {
            return .failed(failure: self.blame.failure(.contract, "\(error)", lastLines: lastLines))
        }
    }

    private func read() throws -> ResultFile? {
        let path = "\(self.folder)/\(ResultFile.name)"
        guard let status = FileStatus(ofLink: path) else { return nil }
        guard status.isFile else { throw AgentError("\(ResultFile.name) is not a plain file") }
        guard status.size <= Self.longestResult else {
            throw AgentError(
                "\(ResultFile.name) has \(status.size) bytes, and at most \(Self.longestResult) are read; keep what is in it "
                    + "in fewer artifacts")
        }
        let result: ResultFile
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            // An agent that stays leaves the last attempt's file there, with nothing in it but a newline.
            if data.allSatisfy({ $0 == UInt8(ascii: "\n") }) { return nil }
            result = try JSONDecoder().decode(ResultFile.self, from: data)
        } catch {
            throw AgentError("\(ResultFile.name) cannot be understood: \(error)")
        }
        guard result.version == FlowManifest.currentVersion else {
            throw AgentError(
                "\(ResultFile.name) has version \(result.version) of the step protocol; this agent knows "
                    + "\(FlowManifest.currentVersion); build the flow with the same Muster")
        }
        return result
    }

    /// What a failed body had set, and what it was given. The failure is the body's, whatever becomes of that.
    private func left(_ result: ResultFile) -> [String: ArtifactReference]? {
        do {
            let artifacts = try self.artifacts(of: result)
            return artifacts.isEmpty ? nil : artifacts
        } catch {
            AgentErrors.print("what the failed step had set is lost: \(error)")
            return nil
        }
    }

    private func artifacts(of result: ResultFile) throws -> [String: ArtifactReference] {
        var artifacts = result.unchanged
        for (name, reference) in result.unchanged where !self.store.has(reference) {
            throw AgentError(
                "the artifact '\(name)' is said to be unchanged, but \(reference.digest) is not in the store")
        }
        for (name, file) in result.artifacts {
            guard artifacts[name] == nil else {
                throw AgentError("the artifact '\(name)' is both new and unchanged in \(ResultFile.name)")
            }
            let path = try TaskFolderFile.path("the artifact '\(name)'", file.path, in: self.folder)
            artifacts[name] = try self.store.adopt(file: path, encoding: file.encoding, isFinal: self.leavesNothing)
        }
        return artifacts
    }

    /// The item list of a foreach, which has one line per task.
    private func items(_ transition: Transition) throws -> ArtifactReference? {
        guard case .foreach(_, let count) = transition else { return nil }
        let path = try TaskFolderFile.path("the foreach", ResultFile.itemsName, in: self.folder)
        let list = try ItemList(path: path)
        guard list.count == count else {
            throw AgentError("the foreach has \(count) tasks, but \(ResultFile.itemsName) has \(list.count) lines")
        }
        guard list.namesFiles else { return try self.store.adopt(file: path, encoding: .json) }
        // Several elements may stand in one file.
        var taken: [String: ArtifactReference] = [:]
        let lines = try list.naming { file in
            if let reference = taken[file.path] { return reference }
            let path = try TaskFolderFile.path("an element of the foreach", file.path, in: self.folder)
            let reference = try self.store.adopt(file: path, encoding: file.encoding, isFinal: self.leavesNothing)
            taken[file.path] = reference
            return reference
        }
        return try self.store.put(lines, encoding: .json)
    }
}
