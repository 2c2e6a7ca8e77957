/// One of the two output streams of a process, in log files and in the step protocol.
public enum ProcessStream: String, Codable, Sendable, Hashable, CaseIterable {
    case standardOutput = "o"
    case standardError = "e"
}
