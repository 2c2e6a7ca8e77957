import MusterModel
import MusterWire

/// The place of an order in a bucket: `PREFIX/runs/FLOW/RUN/attempts/STEP/TASK.ATTEMPT.order`.
struct OrderPlace: Sendable, Hashable {
    /// The store's, without a slash at its end.
    let prefix: String
    let run: RunKey
    /// `STEP/TASK.ATTEMPT.`
    let attempt: String

    /// - Throws: ``AgentError`` for a key of another form.
    init(_ key: String) throws(AgentError) {
        let parts = key.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let tail = parts.suffix(6)
        let name = AttemptObject.order.name
        guard tail.count == 6, tail[tail.startIndex] == "runs", tail[tail.startIndex + 3] == "attempts",
            let file = tail.last, file.hasSuffix(".\(name)"),
            !tail.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." })
        else { throw AgentError("'\(key)' is no key of an attempt's order") }
        self.prefix = parts.dropLast(6).joined(separator: "/")
        self.run = RunKey(flow: tail[tail.startIndex + 1], run: tail[tail.startIndex + 2])
        self.attempt = "\(tail[tail.startIndex + 4])/\(file.dropLast(name.utf8.count))"
    }
}
