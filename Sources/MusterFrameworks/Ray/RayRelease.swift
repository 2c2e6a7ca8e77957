/// A release of Ray, and what `ray start` of it understands.
///
/// Source: `python/ray/scripts/scripts.py` and `python/ray/_private/parameter.py` of the releases.
struct RayRelease: Comparable {
    let major: Int
    let minor: Int

    /// What is assumed where the release is not known.
    static let newest = RayRelease(major: .max, minor: 0)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// - Parameter version: As Ray says it: `2.39.0`, `3.0.0.dev0`; ``newest`` when it is nil or says no release.
    init(_ version: String?) {
        let numbers = (version ?? "").split(separator: ".").prefix(2).map { Int($0) }
        guard numbers.count == 2, let major = numbers[0], let minor = numbers[1] else {
            self = .newest
            return
        }
        self.init(major: major, minor: minor)
    }

    static func < (one: Self, other: Self) -> Bool { (one.major, one.minor) < (other.major, other.minor) }

    private func isAtLeast(_ major: Int, _ minor: Int) -> Bool { self >= RayRelease(major: major, minor: minor) }

    /// Whether `--include-log-monitor` is an option.
    var hasLogMonitorOption: Bool { self.isAtLeast(2, 41) }

    /// Whether 0 lets the system choose the port of the agent for runtime environments; before, that is what leaving the
    /// option out does.
    var takesAnyAgentPort: Bool { self.isAtLeast(2, 54) }

    /// Whether a node that is not the head may have a temporary folder of its own. Before, all take the head's path, where
    /// nodes that share a machine race for the names of sockets and files.
    var givesNodesFolders: Bool { self.isAtLeast(2, 55) }
}
