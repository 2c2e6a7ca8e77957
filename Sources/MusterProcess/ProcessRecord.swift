internal import Glibc
internal import MusterSystem

/// One process, and never a later one that got the same process id.
package struct ProcessIdentity: Sendable, Hashable, CustomStringConvertible {
    package let pid: Int32
    /// When it started, in the kernel's ticks since boot.
    package let started: UInt64

    package init(pid: Int32, started: UInt64) {
        self.pid = pid
        self.started = started
    }

    package var description: String { "process \(self.pid)" }
}

/// The fields of `/proc/PID/stat`.
struct ProcessRecord: Sendable, Hashable {
    let identity: ProcessIdentity
    let parent: Int32
    /// The process that leads its group, or led it.
    let group: Int32
    /// False for a zombie: it holds nothing but its exit status.
    let isRunning: Bool
    /// True when a signal has stopped it (state T); a debugger's stop (state t) does not count.
    let isStopped: Bool
    /// True when it is exiting: its files may be closed already, and it may still have children.
    let isExiting: Bool
    /// Its CPU time in kernel ticks.
    let time: UInt64

    /// Reads the line of a `stat` file, see proc(5); nil when it is not one.
    init?(stat text: [UInt8]) {
        // The command's name comes second, in parentheses, and may itself hold any of them and spaces.
        guard let open = text.firstIndex(of: UInt8(ascii: "(")), let close = text.lastIndex(of: UInt8(ascii: ")")),
            let pid = Self.number(text[..<open]), close < text.endIndex
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: UInt8(ascii: " "))
        guard fields.count > 19, let state = fields[0].first, let parent = Self.number(fields[1]),
            let group = Self.number(fields[2]),
            let flags = Self.number(fields[6]), let user = Self.number(fields[11]),
            let system = Self.number(fields[12]),
            let threads = Self.number(fields[17]), let started = Self.number(fields[19])
        else { return nil }
        self.identity = ProcessIdentity(
            pid: Int32(truncatingIfNeeded: pid), started: UInt64(truncatingIfNeeded: started))
        self.parent = Int32(truncatingIfNeeded: parent)
        self.group = Int32(truncatingIfNeeded: group)
        // A main thread that has left while others run looks like a zombie with several threads.
        let isDead = state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")
        self.isRunning = !isDead || threads > 1
        self.isStopped = state == UInt8(ascii: "T")
        // PF_EXITING of Linux's include/linux/sched.h.
        self.isExiting = isDead || flags & 0x4 != 0
        self.time = UInt64(truncatingIfNeeded: user &+ system)
    }

    /// The process of that id now; nil when there is none.
    init?(pid: Int32) {
        guard let text = FileContents.read("/proc/\(pid)/stat") else { return nil }
        self.init(stat: text)
    }

    private static func number(_ text: some Sequence<UInt8>) -> Int? {
        var value = 0
        var isNegative = false
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value &* 10 &+ Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: " "): continue
            default: return nil
            }
        }
        return isNegative ? -value : value
    }
}
