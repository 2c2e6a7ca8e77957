internal import Glibc

/// The monotonic clock in nanoseconds.
enum ReactorClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }

    /// Any number of seconds as nanoseconds: nothing for negative ones and for what is not a number, and at most a century.
    static func nanoseconds(_ seconds: Double) -> UInt64 {
        guard seconds > 0 else { return 0 }
        return UInt64(min(seconds, 3e9) * 1e9)
    }

    /// The timeout for epoll in milliseconds, rounded up so that it does not wake before `due`.
    static func timeout(until due: UInt64?, now: UInt64) -> CInt {
        guard let due else { return -1 }
        guard due > now else { return 0 }
        return CInt(min((due - now + 999_999) / 1_000_000, 1_000_000_000))
    }
}
