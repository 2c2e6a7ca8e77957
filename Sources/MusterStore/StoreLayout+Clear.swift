import MusterProcess

extension StoreLayout {
    /// Removes what programs that were killed have left of files and packages on their way into the store.
    /// - Returns: What cannot be removed, a sentence each.
    package func clearIncoming() async -> [String] { HeldFolder.clear(self.incoming) }
}
