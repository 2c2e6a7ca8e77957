public import MusterModel

/// An error that ends a step: the code that programs match on and the sentence that people read.
///
/// Every call on `current` throws this type. If the body rethrows it, the task keeps its code and message.
public struct StepFailure: Error, CustomStringConvertible, Sendable {
    /// The cause. The agent sets ``TaskFailure/lastLines`` and the node if it knows them.
    public var failure: TaskFailure

    public init(_ failure: TaskFailure) { self.failure = failure }

    public init(_ code: TaskFailure.Code, _ message: String) {
        self.failure = TaskFailure(code: code, message: message)
    }

    public var code: TaskFailure.Code { self.failure.code }
    public var description: String { self.failure.message }
}
