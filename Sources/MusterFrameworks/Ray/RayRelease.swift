/// A release of Ray and the options of its `ray start`.
///
/// Source: `python/ray/scripts/scripts.py` and `python/ray/_private/parameter.py` of the releases.
struct RayRelease: Comparable {
    let major: Int
    let minor: Int

    /// Assumed for an unknown release.
    static let newest = RayRelease(major: .max, minor: 0)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// - Parameter version: Ray's version, `2.39.0` or `3.0.0.dev0`; nil and other texts mean ``newest``.
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

    /// True if `--include-log-monitor` is an option.
    var hasLogMonitorOption: Bool { self.isAtLeast(2, 41) }

    /// True if 0 lets the system choose the port of the agent for runtime environments. Earlier releases choose one if
    /// the option is left out.
    var takesAnyAgentPort: Bool { self.isAtLeast(2, 54) }

    /// True if a worker can have its own temporary folder. In earlier releases all use the head's path, where nodes
    /// that share a machine race for the names of sockets and files.
    var givesNodesFolders: Bool { self.isAtLeast(2, 55) }
}
