/// A path that somebody names relative to a folder of the node, and that must not lead out of it.
enum PlainPath {
    /// Whether `path` is names with `/` between them, none of them empty, `.` or `..`.
    static func isOne(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
            && !path.utf8.contains(0)
    }
}
