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
    let layout: StoreLayout
    /// Only this node.
    var node: Int?
    /// This attempt; the last one otherwise.
    var attempt: Int?

    /// The logs of a task in the order of its nodes; of one that was taken over, the logs of the run it comes from.
    func sources(of place: TaskPlace) throws -> [LogSource] {
        let folder = "\(self.layout.runFolder(flow: place.flow, run: place.run))/\(place.step)/\(place.task)"
        let attempts = Self.names(in: folder).compactMap(Int.init).sorted()
        guard let number = self.attempt ?? attempts.last else { return [] }
        guard attempts.contains(number) else {
            throw CommandFailure(
                .notFound, "\(place.step)/\(place.task) has no attempt \(number)\(attempts.isEmpty ? "" : "; it has \(attempts.map(String.init).joined(separator: ", "))")")
        }
        let attempt = AttemptID(flow: place.flow, run: place.run, step: place.step, task: place.task, attempt: number)
        return Self.nodes(in: "\(folder)/\(number)").filter { self.node == nil || $0 == self.node }.map {
            LogSource(attempt: attempt, node: $0, path: self.layout.logFile(attempt, node: $0))
        }
    }

    private static func nodes(in folder: String) -> [Int] {
        self.names(in: folder).compactMap { name in
            guard name.hasPrefix("node-"), name.hasSuffix(".log") else { return nil }
            return Int(name.dropFirst(5).dropLast(4))
        }.sorted()
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
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
    static func of(_ task: RunTask, in state: RunState, layout: StoreLayout, metadata: any MetadataStore) async throws -> TaskPlace {
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
