import Foundation
import MusterMetadata
import MusterModel
import MusterStore

/// The log of one node of one attempt.
struct LogSource: Hashable {
    let attempt: AttemptID
    let node: Int
    let path: String
}

/// Finds the logs that somebody asks for, as they lie in the store at this moment.
struct LogSearch {
    /// Only this node.
    let node: Int?
    /// This attempt; the last one otherwise.
    let attempt: Int?
    private var files: StepFiles

    init(layout: StoreLayout, node: Int?, attempt: Int?) {
        self.files = StepFiles(layout)
        self.node = node
        self.attempt = attempt
    }

    /// The logs of a task in the order of its nodes; of one that was taken over, the logs of the run it comes from.
    mutating func sources(of place: TaskPlace) throws -> [LogSource] {
        let files = try self.files.of(place)
        let attempts = Set(files.map(\.attempt)).sorted()
        guard let number = self.attempt ?? attempts.last else { return [] }
        guard attempts.contains(number) else {
            throw CommandFailure(
                .notFound,
                "\(place.step)/\(place.task) has no attempt \(number)\(attempts.isEmpty ? "" : "; it has \(attempts.map(String.init).joined(separator: ", "))")"
            )
        }
        let attempt = AttemptID(flow: place.flow, run: place.run, step: place.step, task: place.task, attempt: number)
        let nodes = files.compactMap { file -> Int? in
            guard case .log(let node) = file.kind, file.attempt == number else { return nil }
            return self.node == nil || self.node == node ? node : nil
        }
        let layout = self.files.layout
        return nodes.sorted().map { LogSource(attempt: attempt, node: $0, path: layout.logFile(attempt, node: $0)) }
    }
}

/// Where a task ran.
struct TaskPlace: Hashable {
    var flow: String
    var run: String
    var step: String
    var task: Int
}

extension TaskPlace {
    /// Where the work of `task` was done: in its own run, or in the one that it was taken over from, however far back.
    static func of(_ task: RunTask, in state: RunState, layout: StoreLayout, metadata: any MetadataStore) async throws
        -> TaskPlace
    {
        var place = TaskPlace(flow: state.record.flow, run: state.record.run, step: task.step, task: task.number)
        var clonedFrom = task.clonedFrom
        while let origin = clonedFrom?.split(separator: "/"), origin.count == 2, let number = Int(origin[1]) {
            place.run = String(origin[0])
            place.task = number
            clonedFrom = nil
            guard let record = try await metadata.record(of: RunKey(flow: place.flow, run: place.run)) else { break }
            let origin = try await RunState(record, in: layout, metadata)
            if origin.machine.tasks.indices.contains(number - 1) { clonedFrom = origin.machine[number].clonedFrom }
        }
        return place
    }
}
