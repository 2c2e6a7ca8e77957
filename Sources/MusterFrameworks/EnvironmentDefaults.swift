extension [String: String] {
    /// Those of these variables that the user's environment does not set: a framework's defaults step back.
    func unset(in environment: [String: String]) -> Self { self.filter { environment[$0.key] == nil } }
}
