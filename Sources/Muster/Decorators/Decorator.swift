public import MusterFrameworks
public import MusterModel

/// A setting of a step: resources, retries, an environment, a cluster.
///
/// A decorator is a value of this protocol and an attribute of the same name. Any package can add one:
///
///     public struct Seed: Decorator {
///         public static var name: String { "seed" }
///         public var value: Int
///         public init(_ value: Int) { self.value = value }
///         public func apply(to settings: inout StepSettings) { settings.environment["SEED"] = "\(value)" }
///     }
///
///     @attached(peer)
///     public macro Seed(_ value: Int) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")
///
/// ``Flow()`` copies the attribute's expression, here `Seed(42)`, into the table of the flow's steps.
public protocol Decorator: Sendable {
    /// The name in the manifest: a literal, stable across versions.
    static var name: String { get }

    /// The options as people read them in `muster show`.
    var options: [String: JSONValue] { get }

    /// Writes the setting into the step's manifest. Called in `describe`, in the order of the source.
    func apply(to settings: inout StepSettings)

    /// The framework that this decorator names in ``MusterModel/StepSettings/framework``; nil for one of Muster's own.
    /// The agents call it through the flow program's verb `plan`, so nothing else has to link it.
    var framework: (any Framework)? { get }

    /// Runs in the flow program on every node of the step, right before its body.
    func prepare(_ current: Current) async throws
}

extension Decorator {
    public var options: [String: JSONValue] { [:] }
    public func apply(to settings: inout StepSettings) {}
    public var framework: (any Framework)? { nil }
    public func prepare(_ current: Current) async throws {}
}
