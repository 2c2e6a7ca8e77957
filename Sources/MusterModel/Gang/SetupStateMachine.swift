/// The start of a gang's services, stage by stage. The control node's agent keeps it.
///
///     starting(0) ──ready(all)──▶ starting(1) ──ready(all)──▶ … ──▶ up
///
/// A service that fails ends the gang and is no event here.
package struct SetupStateMachine: Sendable, Equatable {
    package enum Phase: Sendable, Equatable {
        /// `waiting` are the nodes whose services of `stage` are not ready.
        case starting(stage: Int, waiting: Set<Int>)
        case up
    }

    package enum Event: Sendable, Equatable {
        /// All services of the stage are ready on a node. A node without services reports this at once.
        case ready(node: Int, stage: Int)
        case deadlinePassed(seconds: Double)
    }

    package enum Action: Sendable, Equatable {
        /// Start the services of this stage on all nodes.
        case begin(stage: Int)
        /// All services are up: the bodies can start.
        case complete
        case fail(TaskFailure)
    }

    package let size: Int
    package let stages: Int
    package private(set) var phase: Phase

    /// - Parameter stages: At least 1. Every node begins with stage 0 by itself.
    package init(size: Int, stages: Int) {
        self.size = size
        self.stages = stages
        self.phase = .starting(stage: 0, waiting: Set(0..<size))
    }

    /// - Throws: ``IllegalSetupEvent`` for an event that cannot happen in this phase; nothing is changed then.
    package mutating func handle(_ event: Event) throws(IllegalSetupEvent) -> [Action] {
        switch (self.phase, event) {
        case (.starting(let stage, let waiting), .ready(let node, let reached)):
            guard reached == stage, waiting.contains(node) else {
                throw IllegalSetupEvent(event: event, phase: self.phase)
            }
            return self.proceed(stage, waiting.subtracting([node]))
        case (.starting(let stage, let waiting), .deadlinePassed(let seconds)):
            return [.fail(.notReady(waiting.sorted(), stage: stage, seconds: seconds))]
        case (.up, .deadlinePassed): return []
        case (.up, .ready): throw IllegalSetupEvent(event: event, phase: self.phase)
        }
    }

    private mutating func proceed(_ stage: Int, _ waiting: Set<Int>) -> [Action] {
        guard waiting.isEmpty else {
            self.phase = .starting(stage: stage, waiting: waiting)
            return []
        }
        guard stage + 1 < self.stages else {
            self.phase = .up
            return [.complete]
        }
        self.phase = .starting(stage: stage + 1, waiting: Set(0..<self.size))
        return [.begin(stage: stage + 1)]
    }
}

extension TaskFailure {
    fileprivate static func notReady(_ nodes: [Int], stage: Int, seconds: Double) -> TaskFailure {
        let names = nodes.prefix(20).map(String.init).joined(separator: ", ")
        return TaskFailure(
            code: .rendezvous,
            message: "the cluster was not up within \(Int(seconds)) s: services of stage \(stage) were not ready on "
                + "\(nodes.count == 1 ? "node" : "nodes") \(names); see what they wrote",
            node: nodes.count == 1 ? nodes[0] : nil)
    }
}

/// An event that cannot happen in the phase a gang's services are in.
package struct IllegalSetupEvent: Error, Sendable, CustomStringConvertible {
    package var event: SetupStateMachine.Event
    package var phase: SetupStateMachine.Phase

    package var description: String { "the cluster's services cannot take \(self.event) while they are \(self.phase)" }
}
