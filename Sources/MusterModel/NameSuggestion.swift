/// What a message says after a name that does not exist.
package enum NameSuggestion {
    /// ` (did you mean 'x'?)`, or nothing.
    package static func hint(for name: String, among candidates: [String]) -> String {
        NameDistance.nearest(to: name, among: candidates).map { " (did you mean '\($0)'?)" } ?? ""
    }
}
