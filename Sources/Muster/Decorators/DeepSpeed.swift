public import MusterModel

/// Makes the step's gang a DeepSpeed cluster: `current.deepspeed.run` starts its workers on every node, one per GPU
/// that the step reserves with `@Resources`, or else per cpu.
///
/// `.direct` starts them with the environment that DeepSpeed gives its workers; `.deepspeed` runs its own runner.
@attached(peer)
public macro DeepSpeed(launcher: DeepSpeedLauncher = .direct) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The launcher of a DeepSpeed cluster's workers.
public enum DeepSpeedLauncher: String, Sendable, Codable {
    case direct, deepspeed
}

/// The value of the attribute ``DeepSpeed(launcher:)``.
public struct DeepSpeed: Decorator {
    public static var name: String { "deepspeed" }
    public var launcher: DeepSpeedLauncher

    public init(launcher: DeepSpeedLauncher = .direct) { self.launcher = launcher }

    public var options: [String: JSONValue] { ["launcher": .string(self.launcher.rawValue)] }

    public func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "deepspeed", options: self.options)
    }
}
