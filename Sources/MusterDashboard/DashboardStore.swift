package import MusterHistory
package import MusterMetadata
package import MusterModel
package import MusterStore

/// A store as the dashboard needs it: a folder, or a bucket with this machine's copy.
package protocol DashboardStore: Sendable {
    /// Its folder or address, for people.
    var name: String { get }
    var layout: StoreLayout { get }
    var metadata: any MetadataStore { get }
    /// Seconds between two looks for changes.
    var lookInterval: Double { get }
    /// Learns whether an engine elsewhere moves the run.
    func lookAtEngine(of run: RunKey) async throws
    /// The places of the tasks' work; the files there that are wanted are on this machine then.
    func places(
        of tasks: [RunTask], in state: RunState, where isWanted: @escaping @Sendable (AttemptFile.Kind) -> Bool
    ) async throws -> [TaskPlace]
    /// Brings artifacts that are about to be read.
    func fetch(_ references: [ArtifactReference]) async throws
    /// Ends a run; returns once it is over.
    /// - Throws: ``DashboardError`` that says why it could not be ended.
    func cancel(_ run: RunKey) async throws
}
