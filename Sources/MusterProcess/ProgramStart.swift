internal import CMusterPlatform
internal import Glibc
internal import MusterSystem

/// The parent of every agent: what its agent leaves comes to it and is ended there.
package enum AgentKeeper {
    /// The exit code of an agent that was killed because a signal had stopped it for a second.
    package static let stoppedCode = Int32(MUSTER_EXIT_STOPPED)
}

/// The first actions of a program.
package enum ProgramStart {
    /// Raises the soft limit of descriptors to the hard one; programs that are started get the old one back.
    package static func raiseDescriptorLimit() { muster_raise_descriptor_limit() }

    /// Checks that the system allows the threads that the program needs. A library that cannot create one retries
    /// without end, so the program would hang.
    /// - Parameter count: At most 64.
    /// - Returns: A sentence with the fault; nil for none.
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
