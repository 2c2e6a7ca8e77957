/// How long artifacts and code packages that no run names stay in a store.
///
/// `muster store prune` removes what was made or used longer ago. Whoever uses again what is older than half of that time
/// makes it young first. `Documentation/Store.md` has the argument why nothing is lost between the two.
package struct SafetyTime: Sendable, Hashable {
    package let seconds: Double

    package init(seconds: Double) { self.seconds = seconds }

    /// Twelve hours to name what was used again, and twelve for clocks that differ.
    package static let day = SafetyTime(seconds: 86_400)

    /// Seconds for which a thing counts as young.
    package var youth: Double { self.seconds / 2 }
}
