import Glibc

/// The clock for durations: the system's time is set, this one never goes back.
package enum Uptime {
    /// Seconds since an arbitrary moment.
    package static let now: @Sendable () -> Double = {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
