internal import CMusterPlatform
internal import Glibc
internal import MusterSystem

/// Processes as `/proc` shows them, found by descent or by a mark in their environment.
///
/// Zombies are never found. Processes of other users are found by descent but not by mark.
package enum ProcessTree {
    /// From now on orphans below this program become its children instead of init's, so that ``descendants(of:)``
    /// finds daemons that left their session. Returns false where the kernel does not know how.
    @discardableResult
    package static func becomeSubreaper() -> Bool { muster_become_subreaper() == 0 }

    /// The ids of every process below `pid`, parents before children; `pid` itself is not one of them.
    package static func descendants(of pid: Int32) -> [Int32] {
        self.find(.descendants(of: pid)).map(\.pid)
    }

    /// The ids of the processes that were started with `variable` set to `value` or to something that begins with
    /// `value` and a `/`. This program itself is not one of them.
    package static func marked(variable: String, value: String) -> [Int32] {
        self.find(.marked(variable: variable, value: value)).map(\.pid)
    }

    /// The processes that `selection` means now.
    /// - Parameter own: The children that this program has started itself; see ``ProcessSelection/orphans``.
    package static func find(_ selection: ProcessSelection, own: Set<Int32> = []) -> [ProcessIdentity] {
        switch selection {
        case .descendants(let pid): self.descendants(of: pid, in: self.all())
        case .group(let leader): self.all().filter { $0.isRunning && $0.group == leader }.map(\.identity)
        case .marked(let variable, let value): self.all().filter { self.isMarked($0, variable, value) }.map(\.identity)
        case .orphans: self.orphans(own: own)
        case .one(let identity):
            ProcessRecord(pid: identity.pid).map { [$0] }?.filter(\.isRunning).map(\.identity).filter { $0 == identity }
                ?? []
        }
    }

    /// The process that has the id `pid` now; nil when there is none, or only a zombie.
    package static func identity(of pid: Int32) -> ProcessIdentity? {
        guard let record = ProcessRecord(pid: pid), record.isRunning else { return nil }
        return record.identity
    }

    /// The processes that are one of `roots` or below it, but for those that are one of `branches` or below it.
    package static func tree(of roots: [Int32], without branches: Set<Int32>) -> Set<ProcessIdentity> {
        let records = self.all().filter { !branches.contains($0.identity.pid) }
        let below = roots.flatMap { self.descendants(of: $0, in: records) }
        let own = records.filter { $0.isRunning && roots.contains($0.identity.pid) }.map(\.identity)
        return Set(own + below)
    }

    /// The processes below `pid` that a signal has stopped, each with what it has used of processors, in ticks: one that
    /// has used more at a later look went on in between.
    package static func stopped(below pid: Int32) -> [ProcessIdentity: UInt64] {
        let records = self.all()
        // One look at /proc is enough as long as nothing is stopped at all.
        let stopped = records.filter(\.isStopped)
        guard !stopped.isEmpty else { return [:] }
        let below = Set(self.descendants(of: pid, in: records))
        return Dictionary(
            stopped.filter { below.contains($0.identity) }.map { ($0.identity, $0.time) }, uniquingKeysWith: { $1 })
    }

    /// True for a process that has ended or is exiting.
    package static func isExiting(_ pid: Int32) -> Bool { ProcessRecord(pid: pid)?.isExiting ?? true }

    /// True when a signal has stopped the process with the id `pid`.
    package static func isStopped(_ pid: Int32) -> Bool { ProcessRecord(pid: pid)?.isStopped ?? false }

    /// The environment with which a process was started; nil when it has ended or belongs to another user.
    package static func environment(of pid: Int32) -> [String: String]? {
        guard let text = FileContents.read("/proc/\(pid)/environ") else { return nil }
        let entries = text.split(separator: 0).compactMap { entry -> (String, String)? in
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let value = entry[entry.index(after: equals)...]
            return (String(decoding: entry[..<equals], as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
        return Dictionary(entries) { $1 }
    }

    /// The command's name, of at most 15 bytes; nil when the process has gone.
    package static func name(of identity: ProcessIdentity) -> String? {
        guard let text = FileContents.read("/proc/\(identity.pid)/comm"), self.identity(of: identity.pid) == identity
        else {
            return nil
        }
        return String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Sends `signal` to that very process. Returns false when it has gone or may not be signalled.
    @discardableResult
    package static func signal(_ identity: ProcessIdentity, _ signal: CInt) -> Bool {
        let descriptor = muster_process_descriptor(identity.pid)
        defer { if descriptor >= 0 { close(descriptor) } }
        // Checked after the descriptor was opened: from here on it means this process and no other.
        guard let record = ProcessRecord(pid: identity.pid), record.identity == identity else { return false }
        guard descriptor >= 0 else { return kill(identity.pid, signal) == 0 }
        return muster_process_descriptor_signal(descriptor, signal) == 0
    }

    /// True when this program has no children, zombies included. In a subreaper this means that it has no descendants.
    static func isChildless() -> Bool { muster_dead_child() < 0 }

    // MARK: Scanning

    private static func all() -> [ProcessRecord] {
        guard let folder = opendir("/proc") else { return [] }
        defer { closedir(folder) }
        var records: [ProcessRecord] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let pid = Int32(name), let record = ProcessRecord(pid: pid) else { continue }
            records.append(record)
        }
        return records
    }

    private static func descendants(of pid: Int32, in records: [ProcessRecord]) -> [ProcessIdentity] {
        let children = Dictionary(grouping: records, by: \.parent)
        var found: [ProcessRecord] = children[pid] ?? []
        var next = 0
        while next < found.count {
            // A process id that was given anew during the scan could close a circle.
            let below = (children[found[next].identity.pid] ?? []).filter { child in
                child.identity.pid != pid && !found.contains(child)
            }
            found += below
            next += 1
        }
        return found.filter(\.isRunning).map(\.identity)
    }

    private static func orphans(own: Set<Int32>) -> [ProcessIdentity] {
        let records = self.all()
        let orphans = records.filter { $0.parent == getpid() && !own.contains($0.identity.pid) }
        return orphans.filter(\.isRunning).map(\.identity)
            + orphans.flatMap { self.descendants(of: $0.identity.pid, in: records) }
    }

    private static func isMarked(_ record: ProcessRecord, _ variable: String, _ value: String) -> Bool {
        guard record.isRunning, record.identity.pid != getpid(),
            let environment = FileContents.read("/proc/\(record.identity.pid)/environ")
        else { return false }
        let exact = Array("\(variable)=\(value)".utf8)
        return environment.split(separator: 0).contains { entry in
            guard entry.starts(with: exact) else { return false }
            let rest = entry.dropFirst(exact.count)
            return rest.isEmpty || rest.first == UInt8(ascii: "/")
        }
    }
}

/// A set of processes.
package enum ProcessSelection: Sendable, Hashable {
    /// Every process below this one, not itself.
    case descendants(of: Int32)
    /// Every process that came to this program when its parent ended, and every process below those. None where others
    /// could have left them (``ProcessReactor/adoptOrphans()``).
    case orphans
    /// Every process of the group that this one leads, or led.
    case group(of: Int32)
    /// Every process that was started with the variable set to `value` or to something below `value/`.
    case marked(variable: String, value: String)
    /// One process.
    case one(ProcessIdentity)
}
