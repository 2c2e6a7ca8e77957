import MusterSystem

extension StoreLayout {
    /// Removes files and packages that killed programs have left on their way into the store.
    /// - Returns: A sentence for each that cannot be removed.
    package func clearIncoming() async -> [String] { StaleFiles.remove(in: self.incoming) }
}
