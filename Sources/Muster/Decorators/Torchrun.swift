public import MusterModel

/// Makes the step's gang a PyTorch cluster: `current.torch.run` starts its workers on every node.
///
/// `.direct` starts them with the environment that torchrun gives its workers; `.torchrun` runs torchrun itself.
@attached(peer)
public macro Torchrun(processesPerNode: Int = 1, launcher: TorchLauncher = .direct) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The launcher of a PyTorch cluster's workers.
public enum TorchLauncher: String, Sendable, Codable {
    case direct, torchrun
}

/// The value of the attribute ``Torchrun(processesPerNode:launcher:)``.
public struct Torchrun: Decorator {
    public static var name: String { "torchrun" }
    public var processesPerNode: Int
    public var launcher: TorchLauncher

    public init(processesPerNode: Int = 1, launcher: TorchLauncher = .direct) {
        self.processesPerNode = processesPerNode
        self.launcher = launcher
    }

    public var options: [String: JSONValue] {
        ["processesPerNode": .int(self.processesPerNode), "launcher": .string(self.launcher.rawValue)]
    }

    public func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "torchrun", options: self.options)
    }
}
