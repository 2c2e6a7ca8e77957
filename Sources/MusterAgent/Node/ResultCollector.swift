import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// Reads the result of a step program and moves its artifacts into the store. Blocks: for a thread that may.
struct ResultCollector: Sendable {
    let folder: String
    let store: ArtifactStore
    /// No process is left that the step has started: its files cannot change any more.
    let leavesNothing: Bool
    let blame: Blame
    /// Failures that were reported to the step body, oldest first.
    let told: [ToldFailure]
    /// Digests of artifacts that are not here, but in the bucket: those that the task was given.
    var elsewhere: Set<String> = []

    /// The longest result that is read, in bytes: there is room for a million artifacts in it.
    private static let longestResult = 256 << 20

    /// The outcome of the step body, whose program ended with `status`.
    func outcome(_ status: ExitStatus, lastLines: [String]) -> NodeOutcome {
        let failure = self.blame.failure(status, lastLines: lastLines)
        if case .signaled = status { return .failed(failure: failure) }
        do {
            guard let result = try self.read() else {
                if !status.isSuccess { return .failed(failure: failure, after: self.launch(before: failure)) }
                throw AgentError("the step program left with exit code 0 but no \(ResultFile.name)")
            }
            if let error = result.error {
                guard result.transition == nil else {
                    throw AgentError("\(ResultFile.name) has both a transition and an error")
                }
                if let cause = error.cause, let told = self.told.last(where: { $0.failure.id == cause }) {
                    return .failed(failure: told.failure, left: self.left(result))
                }
                let own = self.blame.failure(error, status, lastLines: lastLines)
                return .failed(failure: own, left: self.left(result), after: self.launch(before: own))
            }
            guard status.isSuccess else { return .failed(failure: failure, after: self.launch(before: failure)) }
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

    /// The id of the last failed launch that was reported to the body, when the body may have ended because of it: by an
    /// error of its own, an exit code, or an error with the launch's code.
    private func launch(before failure: TaskFailure) -> String? {
        guard let launch = self.told.last(where: \.isOfLaunch)?.failure,
            failure.code == .body || failure.code == .exit || failure.code == launch.code
        else { return nil }
        return launch.id
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
            // A reusable agent keeps the last attempt's file, overwritten with a newline.
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

    /// The artifacts of a failed body, set or given. A problem with them does not replace the body's failure.
    private func left(_ result: ResultFile) -> [String: ArtifactReference]? {
        do {
            let artifacts = try self.artifacts(of: result)
            return artifacts.isEmpty ? nil : artifacts
        } catch {
            AgentErrors.print("the artifacts of the failed step are lost: \(error)")
            return nil
        }
    }

    private func artifacts(of result: ResultFile) throws -> [String: ArtifactReference] {
        var artifacts = result.unchanged
        for (name, reference) in result.unchanged
        where !self.elsewhere.contains(reference.digest) && !self.store.has(reference) {
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
