package import MusterMetadata
package import MusterModel
package import MusterStore

/// The run and the task in which work was done.
package struct TaskPlace: Hashable, Sendable {
    package var flow: String
    package var run: String
    package var step: String
    package var task: Int
}

extension TaskPlace {
    /// The place of the work of `task`: in its own run, or in the first of the runs that it was taken over from.
    package static func of(_ task: RunTask, in state: RunState, layout: StoreLayout, metadata: any MetadataStore)
        async throws
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
