import MusterBucket
import MusterCourier
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// Runs, their states and their files for verbs that show them. New objects of a bucket are fetched first.
extension OpenedStore {
    var finder: RunFinder { RunFinder(layout: self.layout, metadata: self.metadata) }

    /// The run as its events and its engine's signs of life say.
    func state(of record: RunRecord) async throws -> RunState {
        try await self.lookAtEngine(of: record.key)
        return try await RunState(record, in: self.layout, self.metadata)
    }

    /// Learns whether an engine elsewhere moves the run.
    func lookAtEngine(of run: RunKey) async throws { try await self.bucket?.metadata.lookAtEngine(of: run) }

    /// The places of the tasks' work, whose files are here then.
    /// - Parameter isWanted: Chooses among the files.
    func places(
        of tasks: [RunTask], in state: RunState, where isWanted: @escaping @Sendable (AttemptFile.Kind) -> Bool
    ) async throws -> [TaskPlace] {
        var places: [TaskPlace] = []
        for task in tasks {
            places.append(
                try await TaskPlace.of(task, in: state, layout: self.layout, metadata: self.metadata))
        }
        guard let mirror = self.bucket?.mirror else { return places }
        for (folder, places) in Dictionary(grouping: places, by: { Step(run: $0.run, flow: $0.flow, step: $0.step) }) {
            let numbers = Set(places.map(\.task))
            try await mirror.fetch(
                step: folder.step, task: numbers.count == 1 ? numbers.first : nil,
                of: RunKey(flow: folder.flow, run: folder.run)
            ) { numbers.contains($0.task) && isWanted($0.kind) }
        }
        return places
    }

    private struct Step: Hashable {
        let run: String
        let flow: String
        let step: String
    }

    /// Brings artifacts that are about to be read.
    func fetch(_ references: [ArtifactReference]) async throws { try await self.bucket?.courier.fetch(references) }
}
