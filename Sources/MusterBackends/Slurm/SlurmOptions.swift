package import MusterModel

/// The options of `@Slurm`, checked where they enter.
package struct SlurmOptions: Sendable, Hashable {
    /// Flags of `sbatch` that take one text, by the option's name; rendered in this order.
    static let texts = [
        "partition", "account", "qos", "constraint", "reservation", "nodelist", "exclude", "gres", "licenses",
        "switches",
    ]
    /// Bytes: Slurm keeps most of its text fields in a kilobyte.
    private static let longestText = 1024

    /// By the option's name.
    package var flags: [String: String] = [:]
    package var time: String?
    package var isExclusive = false
    /// The GPUs' type; nil for any.
    package var gpuType: String?
    package var setup: [String] = []
    /// ``setup`` runs in a login shell, in which `module` is defined.
    package var login = true
    package var extra: [String] = []
    package var image: String?
    package var mounts: [String] = []
    package var network: String?
    /// Seconds that the job may wait.
    package var queueDeadline: Double?

    package init() {}

    /// Reads the decorator's options.
    /// - Throws: A ``BackendError`` that names the option, and the one that may have been meant.
    package init(_ options: [String: JSONValue]) throws(BackendError) {
        for (name, value) in options.sorted(by: { $0.key < $1.key }) where value != .null {
            try self.take(name, value)
        }
    }

    private mutating func take(_ name: String, _ value: JSONValue) throws(BackendError) {
        switch name {
        case _ where Self.texts.contains(name): self.flags[name] = try Self.text(name, value)
        case "time", "run_time_limit": self.time = try Self.time(name, value)
        case "exclusive": self.isExclusive = try Self.truth(name, value)
        case "gpus":
            let text = try Self.text(name, value)
            self.gpuType = text.hasPrefix("gpu:") ? String(text.dropFirst(4)) : text
        case "setup": self.setup = try Self.lines(name, value)
        case "login": self.login = try Self.truth(name, value)
        case "extra":
            self.extra = try Self.lines(name, value)
            for line in self.extra { try SlurmFlags.check(line) }
        case "image": self.image = try Self.text(name, value)
        case "mounts": self.mounts = try Self.list(name, value)
        case "network": self.network = try Self.text(name, value)
        case "queueDeadline", "queue_deadline": self.queueDeadline = try Self.minutes(name, value) * 60
        default:
            throw .slurm("@Slurm has no option \(name); it has \(Self.names.joined(separator: ", "))")
        }
    }

    static let names =
        Self.texts + [
            "time", "exclusive", "gpus", "setup", "login", "extra", "image", "mounts", "network", "queueDeadline",
        ]

    // MARK: - Values

    private static func text(_ name: String, _ value: JSONValue) throws(BackendError) -> String {
        let text: String
        switch value {
        case .string(let string): text = string
        case .int(let number): text = String(number)
        default: throw .slurm("@Slurm(\(name)) has to be a text")
        }
        return try self.checked(name, text)
    }

    private static func checked(_ name: String, _ text: String) throws(BackendError) -> String {
        guard !text.isEmpty, text.utf8.count <= self.longestText,
            text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else {
            throw .slurm(
                "@Slurm(\(name)) is '\(text)'; it has to be a text of at most \(self.longestText) bytes without spaces, quotes and backslashes"
            )
        }
        return text
    }

    private static func truth(_ name: String, _ value: JSONValue) throws(BackendError) -> Bool {
        switch value {
        case .bool(let truth): return truth
        // The command line knows texts alone.
        case .string("true"), .string("True"): return true
        case .string("false"), .string("False"): return false
        default: throw .slurm("@Slurm(\(name)) has to be true or false")
        }
    }

    private static func list(_ name: String, _ value: JSONValue) throws(BackendError) -> [String] {
        guard case .array(let values) = value else { return [try self.text(name, value)] }
        var texts: [String] = []
        for value in values { texts.append(try self.text(name, value)) }
        return texts
    }

    /// Lines of text, one or a list; an empty one says nothing.
    private static func lines(_ name: String, _ value: JSONValue) throws(BackendError) -> [String] {
        let values = if case .array(let values) = value { values } else { [value] }
        var lines: [String] = []
        for value in values {
            guard case .string(let text) = value else {
                throw .slurm("@Slurm(\(name)) has to be a text or a list of texts")
            }
            guard !text.contains("\0") else { throw .slurm("@Slurm(\(name)) holds a NUL") }
            lines += text.split(separator: "\n").map(String.init).filter { line in line.contains { $0 != " " } }
        }
        return lines
    }

    private static func minutes(_ name: String, _ value: JSONValue) throws(BackendError) -> Double {
        switch value {
        case .int(let minutes) where minutes > 0: return Double(minutes)
        case .double(let minutes) where minutes > 0 && minutes.isFinite: return minutes
        case .string(let text): if let minutes = Double(text), minutes > 0, minutes.isFinite { return minutes }
        default: break
        }
        throw .slurm("@Slurm(\(name)) has to be a number of minutes")
    }

    /// A time in one of Slurm's forms.
    private static func time(_ name: String, _ value: JSONValue) throws(BackendError) -> String {
        let text: String
        switch value {
        case .int(let minutes): text = String(minutes)
        case .string(let string): text = string
        default: text = ""
        }
        guard SlurmTime.isValid(text) else {
            throw .slurm(
                "@Slurm(\(name)) is '\(text)'; it has to be minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S")
        }
        return text
    }
}

extension BackendError {
    static func slurm(_ message: String) -> BackendError {
        BackendError(code: .options, message: message, isTransient: false)
    }
}

/// Slurm's forms of a span of time.
enum SlurmTime {
    static func isValid(_ text: String) -> Bool {
        let days = text.split(separator: "-", omittingEmptySubsequences: false)
        guard days.count <= 2, let last = days.last else { return false }
        if days.count == 2, !self.isNumber(days[0]) { return false }
        let parts = last.split(separator: ":", omittingEmptySubsequences: false)
        return (1...3).contains(parts.count) && parts.allSatisfy(self.isNumber)
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.count <= 9 && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
