public import MusterFrameworks
public import MusterModel

/// Something that a step asks for: resources, retries, an environment, a cluster.
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

    /// Says to the engine and the agents what the step wants. Called in `describe`, in the order of the source.
    func apply(to settings: inout StepSettings)

    /// The cluster that this decorator names in ``MusterModel/StepSettings/framework``, where it is not one of Muster's
    /// own: the agents ask the flow program what it decides (the verb `plan`), and nothing else has to know it.
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
