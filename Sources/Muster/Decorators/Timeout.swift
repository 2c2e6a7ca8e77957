public import MusterModel

/// Ends an attempt that takes longer, control node and workers alike. The three amounts are added.
@attached(peer)
public macro Timeout(hours: Double = 0, minutes: Double = 0, seconds: Double = 0) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Timeout(hours:minutes:seconds:)``.
public struct Timeout: Decorator {
    public static var name: String { "timeout" }
    public var seconds: Double

    public init(hours: Double = 0, minutes: Double = 0, seconds: Double = 0) {
        self.seconds = hours * 3600 + minutes * 60 + seconds
    }

    public var options: [String: JSONValue] { ["seconds": .double(self.seconds)] }

    public func apply(to settings: inout StepSettings) { settings.timeout = self.seconds }
}
