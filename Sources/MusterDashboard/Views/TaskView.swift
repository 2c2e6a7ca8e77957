import MusterHistory
import MusterModel
import MusterStore

/// The answer to `GET /api/runs/FLOW/RUN/tasks/TASK`.
struct TaskView: LiveView, Equatable {
    struct Attempt: Encodable, Sendable, Equatable {
        /// Unix seconds.
        let started: Double
        let ended: Double?
        let end: AttemptTimes.End?
        let failure: TaskFailure?
    }

    struct Log: Encodable, Sendable, Equatable {
        let node: Int
        /// Bytes.
        let size: Int
    }

    struct Card: Encodable, Sendable, Equatable {
        let node: Int
        let name: String
        let type: String
        let digest: String
    }

    let task: Int
    let step: String
    let status: String
    let nodes: Int
    /// The attempt that is shown, counted from 0; nil before the first.
    let attempt: Int?
    let attempts: [Attempt]
    let workFrom: String?
    let gang: GangView?
    let logs: [Log]
    let cards: [Card]
    let parents: [Int]
    /// Among its siblings in a foreach.
    let index: Int?
    /// The server's clock, in Unix seconds.
    let now: Double
    let isFinal: Bool

    private enum CodingKeys: String, CodingKey {
        case task, step, status, nodes, attempt, attempts, workFrom, gang, logs, cards, parents, index, now
    }

    func changed(since earlier: TaskView) -> TaskView? {
        let isSame =
            self.status == earlier.status && self.attempt == earlier.attempt && self.attempts == earlier.attempts
            && self.gang == earlier.gang && self.logs == earlier.logs && self.cards == earlier.cards
            && self.isFinal == earlier.isFinal
        return isSame ? nil : self
    }
}
