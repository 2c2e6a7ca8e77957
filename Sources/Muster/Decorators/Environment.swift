public import MusterModel

/// Sets variables in the environment of everything that runs in the step.
@attached(peer)
public macro Environment(_ variables: [String: String]) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Environment(_:)``.
public struct Environment: Decorator {
    public static var name: String { "environment" }
    public var variables: [String: String]

    public init(_ variables: [String: String]) { self.variables = variables }

    public var options: [String: JSONValue] { self.variables.mapValues { .string($0) } }

    public func apply(to settings: inout StepSettings) {
        settings.environment.merge(self.variables) { $1 }
    }
}
