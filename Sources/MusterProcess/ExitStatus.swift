/// How a process ended.
package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    /// It left with this code.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)

    /// Whether it left with code 0.
    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): SignalName.describe(signal)
        }
    }
}

/// Which of a process's two streams something came from.
package enum OutputStream: String, Sendable, Hashable {
    case standardOutput
    case standardError
}
