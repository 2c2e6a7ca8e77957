import MusterModel
import MusterStore

/// How a line says where it comes from: `step/task[node]`.
enum Attribution {
    static func text(_ attempt: AttemptID, node: Int) -> String { "\(self.text(attempt))[\(node)]" }

    static func text(_ attempt: AttemptID) -> String { "\(attempt.step)/\(attempt.task)" }
}
