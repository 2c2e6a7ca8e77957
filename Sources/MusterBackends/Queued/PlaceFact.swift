/// Something that was found out about a place, for whoever sets it up.
package struct PlaceFact: Sendable, Hashable {
    /// What it is about: `image`, `job queue`.
    package var subject: String
    package var isWrong: Bool
    package var text: String
    /// What can be done about it.
    package var remedy: String?

    package init(subject: String, isWrong: Bool, text: String, remedy: String? = nil) {
        self.subject = subject
        self.isWrong = isWrong
        self.text = text
        self.remedy = remedy
    }
}
