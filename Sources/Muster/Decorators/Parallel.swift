public import MusterModel

/// Runs the body on every node of a gang: `current.parallel` tells which one it is on.
@attached(peer)
public macro Parallel() = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Parallel()``.
public struct Parallel: Decorator {
    public static var name: String { "parallel" }

    public init() {}

    public func apply(to settings: inout StepSettings) { settings.isGang = true }
}
