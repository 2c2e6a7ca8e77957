/// The words of `sbatch` when it fails, told apart by whether another try can help. Its exit code is 1 for all of them.
enum SlurmRefusal {
    /// The controller could not be reached, or may have taken the job for all that.
    private static let unreachable = [
        "Socket timed out", "Unable to contact slurm controller", "Connection refused", "Connection timed out",
        "Connection reset", "Zero Bytes were transmitted", "Communication connection failure",
        "Transport endpoint", "Message receive failure", "Message send failure", "Unable to establish",
        "Protocol authentication error", "Invalid authentication credential", "Unspecified error", "No route to host",
        "Network is unreachable", "slurm_receive_msg", "in standby mode", "Resource temporarily unavailable",
    ]
    /// It takes no more jobs for now.
    private static let busy = [
        "temporarily unable to accept job", "job submit limit", "MaxJobCount", "Reached the maximum",
        "too many jobs", "Rate limit", "RPC rate",
    ]

    /// - Parameter said: What the command wrote to its standard error.
    static func error(_ command: String, _ said: String) -> BackendError {
        let words = self.clean(said)
        let message = "\(command) says: \(words.isEmpty ? "nothing" : words)"
        if self.unreachable.contains(where: said.contains) {
            return BackendError(code: .unreachable, message: message, isTransient: true)
        }
        if self.busy.contains(where: said.contains) {
            return BackendError(code: .busy, message: message, isTransient: true)
        }
        return BackendError(code: .refused, message: message, isTransient: false)
    }

    /// The lines without the command's own name in front, on one line.
    private static func clean(_ said: String) -> String {
        let lines = said.split(separator: "\n").map { line -> Substring in
            for prefix in ["sbatch: error: ", "sbatch: ", "squeue: error: ", "scancel: error: "]
            where line.hasPrefix(prefix) {
                return line.dropFirst(prefix.count)
            }
            return line
        }
        return String(lines.joined(separator: "; ").prefix(2000))
    }
}
