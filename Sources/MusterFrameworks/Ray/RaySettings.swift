import MusterModel

/// The settings of a step's decorator.
struct RaySettings {
    let dashboard: Bool
    let dashboardPort: Int?
    let workerLogs: Bool

    init(_ settings: [String: JSONValue]) throws(FrameworkError) {
        let options = try Options(RayFramework.name, settings, known: ["dashboard", "dashboardPort", "workerLogs"])
        self.dashboard = try options.flag("dashboard")
        self.dashboardPort = try options.integer("dashboardPort", in: 1...65535)
        self.workerLogs = options.values["workerLogs"] == nil ? true : try options.flag("workerLogs")
    }
}
