public import MusterModel

/// Lets the flow continue when every attempt of the step has failed, with the failure in an artifact.
///
/// `into` names an artifact of type `TaskFailure?`; the compiler refuses any other. The step must have one way on.
@attached(peer)
public macro Catch(into artifact: String) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Catch(into:)``.
public struct Catch: Decorator {
    public static var name: String { "catch" }
    public var artifact: String

    public init(into artifact: String) { self.artifact = artifact }

    public var options: [String: JSONValue] { ["into": .string(self.artifact)] }

    public func apply(to settings: inout StepSettings) { settings.catchInto = self.artifact }
}
