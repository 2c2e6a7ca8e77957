import Testing

@testable import MusterBackends

@Suite struct SlurmWordsTests {
    @Test(
        "Of a state that nobody has heard of, the job lives",
        arguments: [
            "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "SIGNALING", "RESIZING", "STAGE_OUT", "STOPPED",
            "REVOKED", "EXPEDITING", "POWER_UP_NODE", "TELEPORTING",
        ])
    func alive(word: String) {
        #expect(SlurmState.state(SlurmRow(id: "1", state: word, hosts: ["a"])) == .running(hosts: ["a"]))
    }

    @Test(
        "Ends are told apart",
        arguments: [
            ("COMPLETED", JobEnd.Kind.completed), ("FAILED", .failed), ("CANCELLED by 1000", .cancelled),
            ("CANCELLED+", .cancelled), ("TIMEOUT", .timeLimit), ("DEADLINE", .timeLimit),
            ("OUT_OF_MEMORY", .outOfMemory), ("NODE_FAIL", .nodeFailed), ("PREEMPTED", .preempted),
            ("BOOT_FAIL", .notStarted), ("LAUNCH_FAILED", .notStarted),
        ])
    func ends(word: String, kind: JobEnd.Kind) {
        guard case .ended(let end) = SlurmState.state(SlurmRow(id: "1", state: word, reason: "None", exitCode: 3))
        else {
            Issue.record("\(word) is no end")
            return
        }
        #expect(end.kind == kind)
        #expect(end.exitCode == 3)
        #expect(kind.isPlace == ["NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "LAUNCH_FAILED"].contains(word))
    }

    @Test("A requeued job waits; one that is held by it waits for ever")
    func requeued() {
        guard case .queued(let wait) = SlurmState.state(SlurmRow(id: "1", state: "REQUEUED")),
            case .queued(let held) = SlurmState.state(SlurmRow(id: "1", state: "REQUEUE_HOLD"))
        else {
            Issue.record("they do not wait")
            return
        }
        #expect(!wait.isHopeless && held.isHopeless)
    }

    @Test(
        "Reasons that no waiting changes have a word of advice",
        arguments: [
            "BadConstraints", "PartitionNodeLimit", "PartitionConfig", "PartitionTimeLimit", "InvalidAccount",
            "InvalidQOS", "AccountNotAllowed", "QOSNotAllowed", "QOSMaxCpuPerJobLimit", "AssocMaxNodePerJobLimit",
            "QOSMaxWallDurationPerJobLimit", "AssocMaxWallDurationPerJobLimit", "MaxMemPerLimit", "QOSMinGRES",
            "QOSMinCpuNotSatisfied", "DependencyNeverSatisfied", "JobHeldUser", "JobHeldAdmin", "ReservationDeleted",
            "JobHoldMaxRequeue",
            "QOSMaxMemoryPerJob", "QOSMaxNodePerJobLimit", "QOSMaxGRESPerJob",
        ])
    func hopeless(reason: String) {
        let wait = PendingReason.wait(reason)
        #expect(wait.isHopeless)
        #expect(wait.advice?.isEmpty == false)
        #expect(wait.reason == reason)
    }

    @Test(
        "All other reasons wait, those that nobody has heard of too",
        arguments: [
            "None", "Priority", "Resources", "AssocGrpCpuLimit", "QOSGrpNodeLimit", "QOSMaxCpuPerUserLimit",
            "QOSMaxJobsPerUserLimit", "AssocMaxJobsLimit", "QOSMaxSubmitJobPerUserLimit", "AssocGrpGRESMinutes",
            "BeginTime", "Licenses", "Reservation", "ReqNodeNotAvail", "NodeDown", "PartitionDown", "Cleaning",
            "Dependency", "ReqNodeNotAvail, UnavailableNodes:n1", "SomethingNew", "",
        ])
    func waiting(reason: String) {
        #expect(!PendingReason.wait(reason).isHopeless)
    }

    @Test("Rows are read whatever stands around them")
    func rows() {
        let text = """
            Welcome to the cluster!
            12|PENDING|Resources|2026-01-01T10:00:00||mu-a
            13_[1-4]|PENDING|Priority|N/A||array
            14|RUNNING|None|2026-01-01T09:00:00|n[1-2]|a|b
            15|PENDING|Priority|N/A||c
            16||||
            """
        let rows = SlurmRow.queue(text)
        #expect(rows.map(\.id) == ["12", "14", "15"])
        #expect(rows.map(\.name) == ["mu-a", "a|b", "c"])
        #expect(rows.map(\.estimate) == ["2026-01-01T10:00:00", nil, nil])
        #expect(rows[1].hosts == ["n1", "n2"])
        let accounting = SlurmRow.accounting("7|CANCELLED by 0|0:15|None|mu-b\n8|FAILED|42:0|NonZeroExitCode|mu|c\n")
        #expect(accounting.map(\.state) == ["CANCELLED by 0", "FAILED"])
        #expect(accounting.map(\.signal) == [15, nil])
        #expect(accounting.map(\.exitCode) == [nil, 42])
        let control = SlurmRow.control(
            "JobId=9 JobName=mu-c UserId=a(1) JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 NodeList=n[1-2]")
        #expect(control?.state == "FAILED" && control?.exitCode == 3 && control?.hosts == ["n1", "n2"])
        #expect(SlurmRow.control("") == nil)
    }

    @Test("The number of a new job is the last line of what sbatch prints")
    func submitted() {
        #expect(SlurmRow.submitted("12\n") == "12")
        #expect(SlurmRow.submitted("your project has 5 hours left\n13;cluster\n") == "13")
        #expect(SlurmRow.submitted("") == nil)
        #expect(SlurmRow.submitted("Submitted batch job 12") == nil)
    }

    @Test("A controller that could not be reached, or is full, may be asked again; a request that it refuses may not")
    func refusals() {
        let unreachable = SlurmRefusal.error(
            "sbatch", "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation\n")
        #expect(unreachable.isTransient && unreachable.code == .unreachable)
        let full = SlurmRefusal.error("sbatch", "sbatch: error: Slurm temporarily unable to accept job, sleeping")
        #expect(full.isTransient && full.code == .busy)
        let refused = SlurmRefusal.error(
            "sbatch",
            "sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed: Invalid")
        #expect(!refused.isTransient && refused.code == .refused)
        #expect(
            refused.message == "sbatch says: invalid partition specified: x; Batch job submission failed: Invalid")
    }
}
