/// Slurm's words for the state of a job.
enum SlurmState {
    private static let queued: Set<String> = [
        "PENDING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT",
    ]
    /// Held until somebody releases them.
    private static let held: Set<String> = ["REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"]
    private static let ended: [String: JobEnd.Kind] = [
        "COMPLETED": .completed, "FAILED": .failed, "CANCELLED": .cancelled, "TIMEOUT": .timeLimit,
        "DEADLINE": .timeLimit, "OUT_OF_MEMORY": .outOfMemory, "NODE_FAIL": .nodeFailed, "PREEMPTED": .preempted,
        "BOOT_FAIL": .notStarted, "LAUNCH_FAILED": .notStarted,
    ]

    /// The state that a row tells of. A word that nobody has heard of is a job that lives: CONFIGURING, COMPLETING,
    /// SUSPENDED, SIGNALING, RESIZING, STAGE_OUT and whatever a later Slurm says.
    static func state(_ row: SlurmRow) -> JobState {
        let word = self.word(row.state)
        if let kind = self.ended[word] {
            let reason =
                row.reason.isEmpty || row.reason == "None" || row.reason == word ? word : "\(word) (\(row.reason))"
            return .ended(JobEnd(kind: kind, reason: reason, exitCode: row.exitCode, signal: row.signal))
        }
        guard self.queued.contains(word) else { return .running(hosts: row.hosts) }
        var wait = PendingReason.wait(word == "PENDING" ? row.reason : word)
        if self.held.contains(word) { wait.isHopeless = true }
        wait.estimate = row.estimate
        return .queued(wait)
    }

    /// `CANCELLED by 1000`, as sacct says it, and `CANCELLED+`, as it cuts it, are CANCELLED.
    private static func word(_ text: String) -> String { String(text.prefix { $0 != " " && $0 != "+" }) }
}
