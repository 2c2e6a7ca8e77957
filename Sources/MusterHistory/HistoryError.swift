/// A question about runs that cannot be answered, in a sentence for a person.
package struct HistoryError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable dotted name, on which programs match.
    package enum Code: String, Sendable {
        /// There is no such run, step, task, attempt or card.
        case missing = "history.missing"
        /// The text names nothing that could be there: it is no pathspec, or no task.
        case name = "history.name"
        /// The store cannot be read, or holds events that do not belong to the flow.
        case store = "history.store"
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
