package import MusterModel

/// The outcome of a prune, or what it would be.
package struct PruneReport: Sendable, Equatable {
    /// Things of one kind, and their bytes.
    package struct Count: Sendable, Equatable {
        package var number = 0
        package var bytes = 0

        mutating func add(_ bytes: Int) {
            self.number += 1
            self.bytes += bytes
        }
    }

    /// Newest first.
    package var runs: [RunKey] = []
    /// Runs of which only files were left.
    package var remains: [RunKey] = []
    package var artifacts = Count()
    package var packages = Count()
    /// Artifacts and packages that no run names and that were used too short a time ago.
    package var young = Count()
    /// A sentence for each thing that should have gone and has not.
    package var problems: [String] = []

    package init() {}
}
