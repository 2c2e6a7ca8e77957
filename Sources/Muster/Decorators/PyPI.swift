public import MusterModel

/// Gives the step's Python these packages. Several on one step add up.
///
/// `python` is a version such as `3.11` or the path of an interpreter; without it, the node's `python3` is taken.
@attached(peer)
public macro PyPI(_ packages: String..., python: String? = nil) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``PyPI(_:python:)``.
public struct PyPI: Decorator {
    public static var name: String { "pypi" }
    /// PEP 508 requirements.
    public var packages: [String]
    public var python: String?

    public init(_ packages: String..., python: String? = nil) {
        self.packages = packages
        self.python = python
    }

    public var options: [String: JSONValue] {
        ["packages": .array(self.packages.map { .string($0) }), "python": self.python.map { .string($0) } ?? .null]
    }

    public func apply(to settings: inout StepSettings) {
        var python = settings.python ?? PythonRequirements(packages: [])
        python.packages += self.packages
        python.python = self.python ?? python.python
        settings.python = python
    }
}
