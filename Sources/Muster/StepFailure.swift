public import MusterModel

/// An error that ends a step: the code that programs match on and the sentence that people read.
///
/// What `current` throws is of this type. A body that lets it pass keeps its code and message.
public struct StepFailure: Error, CustomStringConvertible, Sendable {
    /// Why. ``TaskFailure/lastLines`` and the node are set when the agent knows them.
    public var failure: TaskFailure

    public init(_ failure: TaskFailure) { self.failure = failure }

    public init(_ code: TaskFailure.Code, _ message: String) {
        self.failure = TaskFailure(code: code, message: message)
    }

    public var code: TaskFailure.Code { self.failure.code }
    public var description: String { self.failure.message }
}
