public import MusterModel

/// Makes the step's gang a TensorFlow cluster: every node's processes find `TF_CONFIG`, and the body, which runs on every
/// node, starts the training script with `current.python.run`.
///
/// All nodes are workers, unless node 0 is to be the `chief`, the last ones `parameterServers`, or the very last one an
/// `evaluator`.
@attached(peer)
public macro TensorFlow(chief: Bool = false, parameterServers: Int = 0, evaluator: Bool = false) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``TensorFlow(chief:parameterServers:evaluator:)``.
public struct TensorFlow: Decorator {
    public static var name: String { "tensorflow" }
    public var chief: Bool
    public var parameterServers: Int
    public var evaluator: Bool

    public init(chief: Bool = false, parameterServers: Int = 0, evaluator: Bool = false) {
        self.chief = chief
        self.parameterServers = parameterServers
        self.evaluator = evaluator
    }

    public var options: [String: JSONValue] {
        [
            "chief": .bool(self.chief), "parameterServers": .int(self.parameterServers),
            "evaluator": .bool(self.evaluator),
        ]
    }

    public func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "tensorflow", options: self.options)
    }
}
