import MusterModel
import MusterStore

/// The origin of a line: `step/task[node]`.
enum Attribution {
    static func text(_ attempt: AttemptID, node: Int) -> String { "\(self.text(attempt))[\(node)]" }

    static func text(_ attempt: AttemptID) -> String { "\(attempt.step)/\(attempt.task)" }
}
