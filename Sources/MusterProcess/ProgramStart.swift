internal import CMusterPlatform
internal import Glibc
internal import MusterSystem

/// The parent of every agent: what its agent leaves comes to it and is ended there.
package enum AgentKeeper {
    /// The exit code that tells that the agent was stopped by a signal for a second, and was killed for it.
    package static let stoppedCode = Int32(MUSTER_EXIT_STOPPED)
}

/// What a program does before it does anything else.
package enum ProgramStart {
    /// Raises the soft limit of descriptors to the hard one; programs that are started get the old one back.
    package static func raiseDescriptorLimit() { muster_raise_descriptor_limit() }

    /// Finds out whether the system lets this program have the threads that it runs on. A library that is refused one tries
    /// again for ever, so that a program without them would hang.
    /// - Parameter count: At most 64.
    /// - Returns: What is wrong, in one sentence; nil when nothing is.
    package static func threadProblem(_ count: Int32, of program: String) -> String? {
        let failed = muster_try_threads(count)
        guard failed != 0 else { return nil }
        return
            "\(program) needs \(count) threads, and the system does not let this user have them (\(SystemError.text(-failed))); "
            + "end other programs, or raise the limit: ulimit -u\(self.processLimit), and pids.max of a container"
    }

    private static var processLimit: String {
        let limit = muster_process_limit()
        return limit >= 0 ? " is \(limit)" : ""
    }
}
