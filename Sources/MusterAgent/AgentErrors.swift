import Glibc

/// What an agent has to say when there is nobody to report to: lines on standard error.
enum AgentErrors {
    static func print(_ message: String) {
        let line = Array("muster-agent: \(message)\n".utf8)
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
