/// What a sweep leaves: what runs name, and what was used at the horizon or later.
struct Sweep: Sendable {
    /// Unix seconds.
    let horizon: Double
    /// Digests.
    let artifacts: Set<String>
    let packages: Set<String>
    let isDry: Bool
}
