import Foundation
import MusterModel

/// An event as a row: what queries ask for stands in columns, the rest is a JSON payload.
///
/// A start of an attempt has no payload, so that replaying a long run decodes half as much JSON.
struct EventRow {
    var kind: String
    var task: Int?
    var attempt: Int?
    var payload: Data?

    private struct Failed: Codable {
        var failure: TaskFailure
        var caught: [NodeResult]?
        var left: [Int: [String: ArtifactReference]]?
    }

    private struct Cloned: Codable {
        var fromRun: String
        var fromTask: Int
        var nodes: [NodeResult]
    }

    init(_ event: RunEvent) throws {
        switch event {
        case .started:
            self.init(kind: "started")
        case .attemptStarted(let task, let attempt):
            self.init(kind: "attemptStarted", task: task, attempt: attempt)
        case .attemptSubmitted(let task, let attempt, let job):
            self.init(kind: "attemptSubmitted", task: task, attempt: attempt, payload: try Self.encode(job))
        case .attemptSucceeded(let task, let attempt, let nodes):
            self.init(kind: "attemptSucceeded", task: task, attempt: attempt, payload: try Self.encode(nodes))
        case .attemptFailed(let task, let attempt, let failure, let caught, let left):
            let payload = try Self.encode(Failed(failure: failure, caught: caught, left: left))
            self.init(kind: "attemptFailed", task: task, attempt: attempt, payload: payload)
        case .attemptInterrupted(let task, let attempt):
            self.init(kind: "attemptInterrupted", task: task, attempt: attempt)
        case .cloned(let task, let fromRun, let fromTask, let nodes):
            let payload = try Self.encode(Cloned(fromRun: fromRun, fromTask: fromTask, nodes: nodes))
            self.init(kind: "cloned", task: task, payload: payload)
        case .cancelled(let failure):
            self.init(kind: "cancelled", payload: try Self.encode(failure))
        case .ended(let verdict):
            self.init(kind: "ended", payload: try Self.encode(verdict))
        }
    }

    init(kind: String, task: Int? = nil, attempt: Int? = nil, payload: Data? = nil) {
        self.kind = kind
        self.task = task
        self.attempt = attempt
        self.payload = payload
    }

    /// The event again; nil when the row is not one: another version wrote it, or it is damaged.
    var event: RunEvent? {
        switch (self.kind, self.task, self.attempt, self.payload) {
        case ("started", _, _, _):
            return .started
        case ("attemptStarted", let task?, let attempt?, _):
            return .attemptStarted(task: task, attempt: attempt)
        case ("attemptSubmitted", let task?, let attempt?, let payload?):
            return Self.decode(String.self, payload).map {
                .attemptSubmitted(task: task, attempt: attempt, job: $0)
            }
        case ("attemptSucceeded", let task?, let attempt?, let payload?):
            return Self.decode([NodeResult].self, payload).map {
                .attemptSucceeded(task: task, attempt: attempt, nodes: $0)
            }
        case ("attemptFailed", let task?, let attempt?, let payload?):
            return Self.decode(Failed.self, payload).map {
                .attemptFailed(task: task, attempt: attempt, failure: $0.failure, caught: $0.caught, left: $0.left)
            }
        case ("attemptInterrupted", let task?, let attempt?, _):
            return .attemptInterrupted(task: task, attempt: attempt)
        case ("cloned", let task?, _, let payload?):
            return Self.decode(Cloned.self, payload).map {
                .cloned(task: task, fromRun: $0.fromRun, fromTask: $0.fromTask, nodes: $0.nodes)
            }
        case ("cancelled", _, _, let payload?):
            return Self.decode(TaskFailure.self, payload).map { .cancelled(failure: $0) }
        case ("ended", _, _, let payload?):
            return Self.decode(RunVerdict.self, payload).map { .ended(verdict: $0) }
        default:
            return nil
        }
    }

    private static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ data: Data) -> Value? {
        try? JSONDecoder().decode(type, from: data)
    }
}
