import Glibc

/// Lines on standard error, for reports that no message of a protocol carries.
enum AgentErrors {
    static func print(_ message: String) {
        let line = Array("muster-agent: \(message)\n".utf8)
        line.withUnsafeBytes { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
