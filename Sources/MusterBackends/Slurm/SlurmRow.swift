import MusterModel

/// One job as a command of Slurm prints it.
struct SlurmRow: Sendable, Hashable {
    var id: String
    var name = ""
    var state: String
    var reason = ""
    var hosts: [String] = []
    /// When Slurm means to start it, in its own words.
    var estimate: String?
    var exitCode: Int?
    var signal: Int?

    /// The columns that `squeue` prints. The name comes last: those of other people's jobs may hold a `|`.
    static let queueFormat = "%i|%T|%r|%S|%N|%j"

    /// The rows of `squeue --format=%i|%T|%r|%S|%N|%j`; lines of another form, which sites add, are left out.
    static func queue(_ text: String) -> [SlurmRow] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 6, self.isID(fields[0]), !fields[1].isEmpty else { return nil }
            let start = fields[3]
            let isWaiting = fields[1] == "PENDING" && start != "N/A" && !start.isEmpty
            return SlurmRow(
                id: fields[0], name: fields[5], state: fields[1], reason: fields[2],
                hosts: HostList.expand(fields[4]) ?? [], estimate: isWaiting ? start : nil)
        }
    }

    static let accountingFields = "JobIDRaw,State,ExitCode,Reason,JobName"

    /// The rows of `sacct -X -n -P -o JobIDRaw,State,ExitCode,Reason,JobName`.
    static func accounting(_ text: String) -> [SlurmRow] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: "|", maxSplits: 4, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 5, self.isID(fields[0]), !fields[1].isEmpty else { return nil }
            var row = SlurmRow(id: fields[0], name: fields[4], state: fields[1], reason: fields[3])
            row.readExit(fields[2])
            return row
        }
    }

    /// The job of `scontrol --oneliner show job ID`; nil when it is of another form.
    static func control(_ text: String) -> SlurmRow? {
        var fields: [Substring: Substring] = [:]
        for word in text.split(whereSeparator: \.isWhitespace) {
            guard let equals = word.firstIndex(of: "=") else { continue }
            let key = word[..<equals]
            if fields[key] == nil { fields[key] = word[word.index(after: equals)...] }
        }
        guard let id = fields["JobId"].map(String.init), self.isID(id), let state = fields["JobState"] else {
            return nil
        }
        var row = SlurmRow(
            id: id, name: fields["JobName"].map(String.init) ?? "", state: String(state),
            reason: fields["Reason"].map(String.init) ?? "",
            hosts: fields["NodeList"].map(String.init).flatMap(HostList.expand) ?? [])
        if row.hosts == ["(null)"] { row.hosts = [] }
        row.readExit(fields["ExitCode"].map(String.init) ?? "")
        return row
    }

    /// `CODE:SIGNAL`.
    private mutating func readExit(_ text: String) {
        let parts = text.split(separator: ":").compactMap { Int($0) }
        guard parts.count == 2 else { return }
        if parts[0] != 0 { self.exitCode = parts[0] }
        if parts[1] != 0 { self.signal = parts[1] }
    }

    private static func isID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// The job's number in what `sbatch --parsable` prints: its last line, `NUMBER` or `NUMBER;CLUSTER`. Sites print more
    /// before it.
    static func submitted(_ text: String) -> String? {
        guard let last = text.split(separator: "\n").last else { return nil }
        let id = last.prefix { $0 != ";" }
        return self.isID(String(id)) ? String(id) : nil
    }
}
