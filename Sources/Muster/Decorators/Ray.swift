public import MusterModel

/// Makes the step's gang a Ray cluster, which is up before the body starts on the control node: `ray.init()` finds it.
///
/// Each node offers Ray the cpus, GPUs and memory that the step reserves with `@Resources`. What Ray's workers print
/// arrives in the log of their node; where `workerLogs` is false it is shown only by `muster logs --cluster`. `dashboard` serves Ray's dashboard on the control node
/// (it needs the package `ray[default]`), at `dashboardPort` or else at a free port, which `ray.init()` prints.
@attached(peer)
public macro Ray(dashboard: Bool = false, dashboardPort: Int? = nil, workerLogs: Bool = true) =
    #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``Ray(dashboard:dashboardPort:workerLogs:)``.
public struct Ray: Decorator {
    public static var name: String { "ray" }
    public var dashboard: Bool
    public var dashboardPort: Int?
    public var workerLogs: Bool

    public init(dashboard: Bool = false, dashboardPort: Int? = nil, workerLogs: Bool = true) {
        self.dashboard = dashboard
        self.dashboardPort = dashboardPort
        self.workerLogs = workerLogs
    }

    public var options: [String: JSONValue] {
        var options: [String: JSONValue] = [
            "dashboard": .bool(self.dashboard), "workerLogs": .bool(self.workerLogs),
        ]
        options["dashboardPort"] = self.dashboardPort.map { .int($0) }
        return options
    }

    public func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "ray", options: self.options)
    }
}
