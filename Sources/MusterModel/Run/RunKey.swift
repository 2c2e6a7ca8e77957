/// A run's name.
package struct RunKey: Sendable, Hashable, CustomStringConvertible {
    package let flow: String
    package let run: String

    package init(flow: String, run: String) {
        self.flow = flow
        self.run = run
    }

    package var description: String { "\(self.flow)/\(self.run)" }
}

extension RunRecord {
    package var key: RunKey { RunKey(flow: self.flow, run: self.run) }
}

extension AttemptID {
    /// The run that the attempt is of.
    package var runKey: RunKey { RunKey(flow: self.flow, run: self.run) }
}
