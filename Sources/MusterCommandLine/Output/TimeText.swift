import Glibc

/// Times and durations as people read them, in the machine's time zone.
enum TimeText {
    /// `2026-03-01 14:05:09`, of Unix seconds.
    static func moment(_ time: Double) -> String { self.format(time, "%Y-%m-%d %H:%M:%S") }

    /// `14:05:09.123`, of Unix seconds.
    static func clock(_ time: Double) -> String {
        let milliseconds = Int((time - time.rounded(.down)) * 1000)
        return "\(self.format(time, "%H:%M:%S")).\(self.padded(milliseconds, 3))"
    }

    /// `0.4 s`, `12 s`, `3 min 05 s`, `2 h 07 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0 else { return "0 s" }
        if seconds < 9.95 { return "\((seconds * 10).rounded() / 10) s" }
        let whole = Int(min(seconds.rounded(), 1e12))
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(self.padded(whole % 60, 2)) s" }
        return "\(whole / 3600) h \(self.padded(whole / 60 % 60, 2)) min"
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func format(_ time: Double, _ pattern: String) -> String {
        var seconds = time_t(max(-1e11, min(1e11, time)))
        var parts = tm()
        localtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 64)
        let count = strftime(&buffer, buffer.count, pattern, &parts)
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
