internal import Glibc
internal import MusterSystem

/// A process together with where and when it runs: enough for never taking another one for it, be it of another machine,
/// another container, another boot, or a later one that got its id.
package struct ProcessPlace: Sendable, Hashable, CustomStringConvertible {
    package let identity: ProcessIdentity
    /// The kernel's own id of this boot of this machine.
    package let boot: String
    /// The PID namespace in which the process has its id, as the kernel names it.
    package let namespace: String
    /// The machine's name, for people.
    package let host: String

    package init(identity: ProcessIdentity, boot: String, namespace: String, host: String) {
        self.identity = identity
        self.boot = boot
        self.namespace = namespace
        self.host = host
    }

    /// Of the program that asks.
    package static let own: ProcessPlace = {
        let pid = getpid()
        return ProcessPlace(
            identity: ProcessTree.identity(of: pid) ?? ProcessIdentity(pid: pid, started: 0),
            boot: FileContents.read("/proc/sys/kernel/random/boot_id").map { Self.firstLine($0[...]) } ?? "",
            namespace: Self.namespace(), host: Self.hostName())
    }()

    /// One fact a line: the id first, as other programs may want it.
    package var text: String {
        "\(self.identity.pid)\n\(self.identity.started)\n\(self.boot)\n\(self.namespace)\n\(self.host)\n"
    }

    /// Reads what ``text`` wrote; nil when it is anything else.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.count >= 5, let pid = Int32(lines[0]), pid > 0, let started = UInt64(lines[1]) else { return nil }
        self.init(
            identity: ProcessIdentity(pid: pid, started: started), boot: lines[2], namespace: lines[3], host: lines[4])
    }

    /// True when that process runs in this PID namespace. False tells nothing about a process on another machine.
    package var isHere: Bool {
        let own = Self.own
        guard !self.boot.isEmpty, !self.namespace.isEmpty, self.boot == own.boot, self.namespace == own.namespace else {
            return false
        }
        return ProcessTree.identity(of: self.identity.pid) == self.identity
    }

    /// True when a signal has stopped it; false for a process outside of this PID namespace.
    package var isStopped: Bool { self.isHere && ProcessTree.isStopped(self.identity.pid) }

    package var description: String {
        self.isHere
            ? "process \(self.identity.pid)"
            : "process \(self.identity.pid) of another machine or container (\(self.host))"
    }

    private static func firstLine(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func namespace() -> String {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            guard let start = buffer.baseAddress else { return "" }
            let count = readlink("/proc/self/ns/pid", start, buffer.count)
            return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : ""
        }
    }

    private static func hostName() -> String {
        withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, buffer.count - 1) == 0 else { return "" }
            return self.firstLine(buffer.prefix { $0 != 0 }[...].map { $0 }[...])
        }
    }
}
