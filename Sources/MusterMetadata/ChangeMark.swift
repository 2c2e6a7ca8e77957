/// A state of a metadata store. Two that differ tell that the store has changed between them.
package struct ChangeMark: Sendable, Hashable {
    private let value: Int

    init(_ parts: any Hashable...) {
        var hasher = Hasher()
        for part in parts { hasher.combine(part) }
        self.value = hasher.finalize()
    }
}
