/// A relative path that must not lead out of its folder.
enum PlainPath {
    /// Returns true when `path` is names separated by `/`, none of them empty, `.` or `..`.
    static func isOne(_ path: String) -> Bool {
        path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
            && !path.utf8.contains(0)
    }
}
