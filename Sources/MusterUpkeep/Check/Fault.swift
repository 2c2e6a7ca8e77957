/// Something in a store that is not as it was stored.
package struct Fault: Sendable, Equatable {
    /// What is wrong, with its place.
    package let text: String
    /// What a person can do, or what was done.
    package let remedy: String
    package let isRepaired: Bool

    init(_ text: String, _ remedy: String, isRepaired: Bool = false) {
        self.text = text
        self.remedy = remedy
        self.isRepaired = isRepaired
    }

    /// One line.
    package var line: String { "\(self.text); \(self.remedy)" }
}
