extension [String: String] {
    /// The variables that the user's environment does not set: users override a framework's defaults.
    func unset(in environment: [String: String]) -> Self { self.filter { environment[$0.key] == nil } }
}
