/// The end of a process.
package enum ExitStatus: Sendable, Hashable, CustomStringConvertible {
    /// It left with this code.
    case exited(Int32)
    /// This signal ended it.
    case signaled(Int32)

    /// True for exit code 0.
    package var isSuccess: Bool { self == .exited(0) }

    package var description: String {
        switch self {
        case .exited(let code): "exit code \(code)"
        case .signaled(let signal): SignalName.describe(signal)
        }
    }
}
