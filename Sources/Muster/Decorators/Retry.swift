public import MusterModel

/// Tries a failed attempt again, `times` times at most.
@attached(peer)
public macro Retry(times: Int = 3, minutesBetween: Double = 2) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Retry(times:minutesBetween:)``.
public struct Retry: Decorator {
    public static var name: String { "retry" }
    public var times: Int
    public var minutesBetween: Double

    public init(times: Int = 3, minutesBetween: Double = 2) {
        self.times = times
        self.minutesBetween = minutesBetween
    }

    public var options: [String: JSONValue] {
        ["times": .int(self.times), "minutesBetween": .double(self.minutesBetween)]
    }

    public func apply(to settings: inout StepSettings) {
        settings.retry = RetryPolicy(times: self.times, minutesBetween: self.minutesBetween)
    }
}
