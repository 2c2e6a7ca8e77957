/// The numbers of a check.
package struct CheckReport: Sendable, Equatable {
    package var runs = 0
    package var artifacts = 0
    /// Of artifacts.
    package var bytes = 0
    package var packages = 0
    package var faults = 0
    package var repaired = 0
}
