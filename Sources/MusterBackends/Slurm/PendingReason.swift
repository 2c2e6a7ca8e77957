/// Why a job waits, in Slurm's words: the table of its source, as far as it matters to a person.
enum PendingReason {
    static func wait(_ reason: String) -> JobWait {
        let reason = reason.isEmpty ? "None" : reason
        if let advice = self.hopeless[reason] { return JobWait(reason: reason, advice: advice, isHopeless: true) }
        // `ReqNodeNotAvail, UnavailableNodes:n1`
        if let advice = self.waiting[String(reason.prefix { $0 != "," })] {
            return JobWait(reason: reason, advice: advice)
        }
        if let limit = self.limit(reason) { return limit }
        return JobWait(reason: reason)
    }

    /// Reasons that no waiting changes.
    private static let hopeless: [String: String] = [
        "AccountNotAllowed":
            "the partition does not take jobs of this account; choose another `partition` or `account`",
        "BadConstraints": "no node meets what is asked for; look at `constraint`, the cpus, the memory and the GPUs",
        "DependencyNeverSatisfied": "it depends on a job that will never end as required",
        "InvalidAccount": "this account does not exist or is not yours; set `account`",
        "InvalidQOS": "this quality of service does not exist or is not yours; set `qos`",
        "JobHeldAdmin": "an administrator holds it; ask them, or `scontrol release` as one",
        "JobHeldUser": "it is held; `scontrol release` it, or leave out `--hold`",
        "JobHoldMaxRequeue": "it was started again too often and is held; `scontrol release` it",
        "JobLaunchFailure": "its launch has failed on a node; ask the administrators of the cluster",
        "MaxMemPerLimit":
            "it asks for more memory than the partition gives; ask for less, or choose another `partition`",
        "PartitionConfig": "the partition has not as many such nodes; ask for fewer, or choose another `partition`",
        "PartitionNodeLimit":
            "it asks for more or fewer nodes than the partition gives to one job; ask for others, or choose another `partition`",
        "PartitionTimeLimit":
            "it asks for more time than the partition gives; set `time`, or choose another `partition`",
        "QOSNotAllowed": "the partition does not take jobs of this quality of service; choose another `qos`",
        "REQUEUE_HOLD": "it was started again and is held; `scontrol release` it",
        "RESV_DEL_HOLD": "its reservation was deleted",
        "ReservationDeleted": "its reservation was deleted; choose another `reservation`",
        "ReservationInvalid": "its reservation cannot be used by it; choose another `reservation`",
        "SPECIAL_EXIT": "it was held for an administrator to look at it",
        "launch_failed_requeued_held": "its launch has failed on a node, and it is held; `scontrol release` it",
        "job_requeued_in_held_state": "it was started again and is held; `scontrol release` it",
    ]

    private static let waiting: [String: String] = [
        "BeginTime": "it may not start before a certain time",
        "Cleaning": "it is being started again, and what it left is being removed",
        "Dependency": "it waits for another job",
        "FrontEndDown": "the cluster's front end is down",
        "Licenses": "it waits for licenses",
        "NodeDown": "a node that it needs is down",
        "None": "the scheduler has not looked at it yet",
        "PartitionDown": "the partition is down; it starts when an administrator has it up again",
        "PartitionInactive": "the partition takes jobs and starts none; it starts when an administrator activates it",
        "Priority": "others come first",
        "Prolog": "its nodes are being prepared",
        "ReqNodeNotAvail": "a node that it asks for is not there now, or is reserved for maintenance",
        "Reservation": "it waits for its reservation to begin",
        "Resources": "it is next, and waits for nodes",
    ]

    /// The limits of accounts and qualities of service, of which there are hundreds: `QOSMaxCpuPerUserLimit`.
    private static func limit(_ reason: String) -> JobWait? {
        guard let owner = ["Assoc", "QOS"].first(where: { reason.hasPrefix($0) }) else { return nil }
        let whose = owner == "Assoc" ? "of the account" : "of the quality of service"
        let rest = reason.dropFirst(owner.count)
        if rest.hasPrefix("Min") {
            return JobWait(
                reason: reason, advice: "it asks for less than the least \(whose); ask for more, or for another one",
                isHopeless: true)
        }
        if rest.hasPrefix("Max"), rest.contains("PerJob") || rest.contains("WallDuration") || rest.contains("PerNode") {
            return JobWait(
                reason: reason, advice: "it asks for more than one job may have \(whose); ask for less",
                isHopeless: true)
        }
        return JobWait(reason: reason, advice: "it waits until running jobs leave room below the limit \(whose)")
    }
}
