/// The engine cannot start or go on with a run.
package struct EngineError: Error, CustomStringConvertible {
    package enum Code: String, Sendable {
        /// The flow breaks rules of its graph.
        case flow = "engine.flow"
        /// Another engine moves the run.
        case busy = "engine.busy"
        /// There is no such run, or nothing to resume.
        case missing = "engine.missing"
        /// The machine can never hold a step.
        case refused = "engine.refused"
        case store = "engine.store"
        /// The stored events are not of this flow, or damaged.
        case events = "engine.events"
    }

    package let code: Code
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}
