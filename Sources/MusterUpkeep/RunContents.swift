import MusterBucket
import MusterModel
import MusterStore

/// What a run's record and events name, each artifact with the task that is the first to do so.
struct RunContents: Sendable {
    /// An artifact that a run names.
    struct Named: Sendable, Hashable {
        var reference: ArtifactReference
        var maker: Maker
    }

    /// Where an artifact comes from.
    struct Maker: Sendable, Hashable, CustomStringConvertible {
        var run: RunKey
        /// nil for a parameter.
        var step: String?
        var task: Int?
        var name: String

        var description: String {
            guard let step = self.step, let task = self.task else { return "the parameter \(self.name) of \(self.run)" }
            return "\(self.name) of \(self.run)/\(step)/\(task)"
        }
    }

    let record: RunRecord
    private(set) var named: [Named] = []
    /// The lists of foreaches among them.
    private(set) var lists: [Named] = []
    /// Why the events are not those of the flow; nil when they are.
    private(set) var misfit: String?

    private var seen: Set<String> = []

    init(_ record: RunRecord, _ events: [RecordedEvent]) {
        self.record = record
        for (name, reference) in record.files {
            self.add(reference, Maker(run: record.key, name: name))
        }
        var machine = RunStateMachine(manifest: record.manifest)
        for recorded in events {
            do {
                if self.misfit == nil { _ = try machine.handle(recorded.event) }
            } catch {
                self.misfit = "\(error)"
            }
            self.add(recorded.event, machine)
        }
    }

    var references: [ArtifactReference] { self.named.map(\.reference) }

    private mutating func add(_ event: RunEvent, _ machine: RunStateMachine) {
        guard let task = event.task else { return }
        // Tasks are numbered from 1 in the order in which they were made.
        let step = machine.tasks.indices.contains(task - 1) ? machine.tasks[task - 1].step : "?"
        for (name, reference) in event.artifacts {
            self.add(reference, Maker(run: self.record.key, step: step, task: task, name: name))
        }
        for list in event.lists where !self.seen.contains(list.digest) {
            let maker = Maker(run: self.record.key, step: step, task: task, name: "the elements of the foreach")
            self.add(list, maker)
            self.lists.append(Named(reference: list, maker: maker))
        }
    }

    private mutating func add(_ reference: ArtifactReference, _ maker: Maker) {
        if self.seen.insert(reference.digest).inserted { self.named.append(Named(reference: reference, maker: maker)) }
    }
}

extension RunEvent {
    fileprivate var task: Int? {
        switch self {
        case .attemptSucceeded(let task, _, _), .cloned(let task, _, _, _), .attemptFailed(let task, _, _, _, _): task
        case .started, .attemptStarted, .attemptSubmitted, .attemptInterrupted, .cancelled, .ended: nil
        }
    }

    private var results: [NodeResult] {
        switch self {
        case .attemptSucceeded(_, _, let nodes), .cloned(_, _, _, let nodes): nodes
        case .attemptFailed(_, _, _, let caught, _): caught ?? []
        case .started, .attemptStarted, .attemptSubmitted, .attemptInterrupted, .cancelled, .ended: []
        }
    }

    fileprivate var artifacts: [(String, ArtifactReference)] {
        var found = self.results.flatMap { $0.artifacts.sorted { $0.key < $1.key } }
        if case .attemptFailed(_, _, _, _, let left?) = self {
            found += left.sorted { $0.key < $1.key }.flatMap { $0.value.sorted { $0.key < $1.key } }
        }
        return found.map { ($0.key, $0.value) }
    }

    fileprivate var lists: [ArtifactReference] { self.results.compactMap(\.items) }
}
