/// Something that was found out about a place, for whoever sets it up.
package struct PlaceFact: Sendable, Hashable {
    /// The checked part: `image`, `job queue`.
    package var subject: String
    package var isWrong: Bool
    package var text: String
    /// The remedy, in one sentence.
    package var remedy: String?

    package init(subject: String, isWrong: Bool, text: String, remedy: String? = nil) {
        self.subject = subject
        self.isWrong = isWrong
        self.text = text
        self.remedy = remedy
    }
}
