package import MusterModel
import MusterSystem

/// The paths of a store below its `.muster` folder. Nothing is read or written.
///
/// `Documentation/Store.md` is the contract.
package struct StoreLayout: Sendable, Hashable {
    /// The store's folder, as it was given.
    package let root: String

    package init(root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    /// True when `text` can name an artifact or a code package. A text from a database must not become another path.
    package static func isDigest(_ text: String) -> Bool { Hexadecimal.isDigest(text) }

    /// The events of every run.
    package var database: String { "\(self.root)/muster.db" }
    package var artifacts: String { "\(self.root)/artifacts" }
    /// Files that are still being written; they are renamed out of here when they are whole.
    package var incoming: String { "\(self.root)/incoming" }
    package var packages: String { "\(self.root)/packages" }
    package var runs: String { "\(self.root)/runs" }
    /// Agents for nodes elsewhere; see ``AgentCopy``.
    package var agents: String { "\(self.root)/agents" }

    /// The file of the artifact with this digest.
    package func artifactFile(_ digest: String) -> String { "\(self.artifactFolder(digest))/\(digest)" }
    /// The folder of that file: one of 16, by the first digit.
    package func artifactFolder(_ digest: String) -> String { "\(self.artifacts)/\(digest.prefix(1))" }
    /// The unpacked code package with this digest.
    package func packageFolder(_ digest: String) -> String { "\(self.packages)/\(digest)" }

    package func runFolder(flow: String, run: String) -> String { "\(self.runs)/\(flow)/\(run)" }
    /// Locked by the engine that moves this run, while it lives.
    package func runLock(flow: String, run: String) -> String { "\(self.runFolder(flow: flow, run: run))/engine.lock" }
    /// The log of the engines that moved this run. Records as in ``logFile(_:node:)``.
    package func engineLog(flow: String, run: String) -> String { "\(self.runFolder(flow: flow, run: run))/engine.log" }
    /// The output of the engines that moved this run without a terminal, as they would have shown it there.
    package func console(flow: String, run: String) -> String { "\(self.runFolder(flow: flow, run: run))/console.log" }
    /// Tells the engine that moves this run to end it.
    package func cancelRequest(flow: String, run: String) -> String { "\(self.runFolder(flow: flow, run: run))/cancel" }
    /// The files of all attempts of a step's tasks; see ``AttemptFile`` for their names.
    package func stepFolder(flow: String, run: String, step: String) -> String {
        "\(self.runFolder(flow: flow, run: run))/\(step)"
    }
    /// The path of an attempt's objects without their names: `…/12.0.`
    package func attemptPrefix(_ attempt: AttemptID) -> String {
        let folder = self.stepFolder(flow: attempt.flow, run: attempt.run, step: attempt.step)
        return "\(folder)/\(attempt.task).\(attempt.attempt)."
    }
    /// The ``GangReport`` that the control node's agent writes last.
    package func reportFile(_ attempt: AttemptID) -> String { self.file(.report, of: attempt) }
    /// The ``GangRecord`` of the attempt.
    package func gangFile(_ attempt: AttemptID) -> String { self.file(.gang, of: attempt) }
    /// The output of the processes of one node. See ``LogRecord`` for the format.
    package func logFile(_ attempt: AttemptID, node: Int) -> String { self.file(.log(node: node), of: attempt) }
    /// The log of the agent of one node. Records as in ``logFile(_:node:)``.
    package func agentLogFile(_ attempt: AttemptID, node: Int) -> String {
        self.file(.agentLog(node: node), of: attempt)
    }
    /// A card of one node of the attempt.
    package func cardFile(_ attempt: AttemptID, node: Int, _ card: CardName) -> String {
        self.file(.card(node: node, card), of: attempt)
    }

    private func file(_ kind: AttemptFile.Kind, of attempt: AttemptID) -> String {
        let folder = self.stepFolder(flow: attempt.flow, run: attempt.run, step: attempt.step)
        return "\(folder)/\(AttemptFile(task: attempt.task, attempt: attempt.attempt, kind: kind).name)"
    }
}
