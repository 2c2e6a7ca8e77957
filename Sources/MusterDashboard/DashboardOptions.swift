/// How the dashboard is served.
package struct DashboardOptions: Sendable {
    package var host: String
    /// 0 for any that is free.
    package var port: Int
    /// True to refuse what would change a run.
    package var isReadOnly: Bool
    /// The program's version.
    package var version: String
    /// The user who started it.
    package var user: String
    /// A folder of assets instead of those in the program, for those who work on the page.
    package var assets: String?

    package init(host: String, port: Int, isReadOnly: Bool, version: String, user: String, assets: String? = nil) {
        self.host = host
        self.port = port
        self.isReadOnly = isReadOnly
        self.version = version
        self.user = user
        self.assets = assets
    }
}
