import FoundationEssentials
import Glibc
package import MusterModel
package import MusterSystem

/// How a gang stands, as the engine that moves it has heard: for other processes to show. No decision depends on it.
///
/// `Documentation/AttemptObjects.md` is the contract.
package struct GangRecord: Codable, Sendable, Equatable {
    package struct Node: Codable, Sendable, Equatable {
        package var state: NodeState
        /// Its host's name, where its place has told it.
        package var host: String?

        package init(state: NodeState, host: String? = nil) {
            self.state = state
            self.host = host
        }
    }

    /// Why its job waits, in the scheduler's words, and what can be done about it; nil when it does not.
    package var waits: String?
    /// In node order.
    package var nodes: [Node]

    package init(waits: String? = nil, nodes: [Node]) {
        self.waits = waits
        self.nodes = nodes
    }

    /// Reads the record at `path`; nil when there is none.
    package init?(path: String) {
        guard let bytes = FileContents.read(path),
            let record = try? JSONDecoder().decode(GangRecord.self, from: Data(bytes))
        else { return nil }
        self = record
    }

    /// Writes the record to `path`, over an older one, whole.
    package func write(to path: String) throws(SystemError) {
        // A value of texts and numbers is always encoded.
        guard let data = try? JSONEncoder().encode(self) else { return }
        // One engine writes it, so that one name for the draft is enough.
        let draft = "\(path).new"
        try FileContents.overwrite(draft, with: data)
        guard rename(draft, path) == 0 else { throw SystemError(errno, "write \(path)") }
    }
}
