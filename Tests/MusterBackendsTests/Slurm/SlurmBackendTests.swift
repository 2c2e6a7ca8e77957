import Foundation
import MusterModel
import MusterProcess
import MusterTestKit
import MusterTestSupport
import Testing

@testable import MusterBackends

/// On real clusters, each test on one of its own.
@Suite(.serialized, .timeLimit(.minutes(60))) struct SlurmBackendTests {
    /// A script in which each node writes down its own facts; `$1` is the folder for them.
    private static func report(_ folder: String) -> String {
        """
        { echo index=$SLURM_PROCID; echo host=$(hostname); echo cpus=$SLURM_CPUS_PER_TASK; echo path=$PATH; \
        echo home=$HOME; echo count=$SLURM_STEP_NUM_NODES; echo task=$SLURM_CPU_BIND; env | grep -c ^SECRET; true; } \
        > \(folder)/node-$SLURM_PROCID
        """
    }

    @Test("The backend keeps every promise of a backend")
    func conformance() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let problems = await BackendConformance(
                jobs.backend, shared: cluster.shared, resources: Resources(cpu: 1, gpu: 0, memory: 50 << 20)
            ).problems()
            #expect(problems == [])
        }
    }

    @Test("Every node of a gang runs its command once, and knows which node of which job it is")
    func gang() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let script = "env -0 | sort -z | tr '\\0' '\\n' >> \(cluster.shared)/env-$SLURM_PROCID"
            let job = try await jobs.submit(1, script: script)
            #expect(try await jobs.waitForEnd(job)?.kind == .completed)
            var places: [SchedulerPlace] = []
            for node in 0..<2 {
                let pairs = jobs.lines("env-\(node)").compactMap { line in
                    line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
                }
                let environment = Dictionary(pairs) { first, _ in first }
                #expect(environment.count == pairs.count)
                places.append(try SchedulerPlace.detect(environment))
            }
            #expect(places.map(\.index) == [0, 1])
            #expect(places.map(\.count) == [2, 2])
            #expect(places.map(\.host) == ["node1", "node2"])
            #expect(places.allSatisfy { $0.hosts == ["node1", "node2"] && $0.cpus == 1 && $0.memory == 50 << 20 })
            #expect(places.allSatisfy { $0.incarnation == "slurm:\(job.id).0" })
        }
    }

    @Test("Neither variables of a job that the engine runs in nor SBATCH_ defaults come into a new job")
    func insideOfAJob() async throws {
        try await SlurmCluster.with { cluster in
            let leaking = [
                "SLURM_JOB_ID": "99", "SLURM_CPUS_PER_TASK": "7", "SLURM_NTASKS": "9",
                "SLURM_CPU_BIND": "mask_cpu:0x80",
                "SLURM_MEM_PER_CPU": "1", "SLURM_EXPORT_ENV": "NONE", "SBATCH_EXPORT": "NONE",
                "SBATCH_PARTITION": "nope",
                "SBATCH_REQUEUE": "1", "SRUN_CPUS_PER_TASK": "7", "SQUEUE_FORMAT": "%i", "SQUEUE_STATES": "FAILED",
                "SECRET_KEY": "hidden", "PMI_RANK": "3",
            ]
            let environment = cluster.environment.merging(leaking) { $1 }
            let jobs = try SlurmJobs(cluster, environment: environment)
            let job = try await jobs.submit(1, cpus: 2, script: Self.report(cluster.shared))
            #expect(try await jobs.waitForEnd(job)?.kind == .completed)
            for node in 0..<2 {
                let facts = jobs.lines("node-\(node)")
                #expect(facts.contains("cpus=2"))
                #expect(facts.contains("count=2"))
                #expect(facts.contains("path=\(environment["PATH"] ?? "")"))
                #expect(facts.contains("home=\(environment["HOME"] ?? "")"))
                #expect(facts.last == "0")
            }
        }
    }

    @Test("A backend whose engine really runs in a job submits from there")
    func fromAJob() async throws {
        try await SlurmCluster.with { cluster in
            // An engine in a job has the environment that Slurm gives to a step.
            try await cluster.run(
                "srun", "--mpi=none", "-N1", "-c1", "--mem=10M", "bash", "-c",
                "env -0 > \(cluster.shared)/inside")
            let data = try Data(contentsOf: URL(filePath: "\(cluster.shared)/inside"))
            let pairs = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }.compactMap { line in
                line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
            }
            let environment = Dictionary(pairs) { first, _ in first }
            #expect(environment["SLURM_JOB_ID"] != nil)
            let jobs = try SlurmJobs(cluster, environment: environment)
            let job = try await jobs.submit(1, cpus: 2, script: Self.report(cluster.shared))
            #expect(try await jobs.waitForEnd(job)?.kind == .completed)
            #expect(jobs.lines("node-1").contains("cpus=2"))
        }
    }

    @Test("A job that sbatch has submitted and then says has timed out, is found and not submitted again")
    func acceptedAndLost() async throws {
        try await SlurmCluster.with { cluster in
            let lost = try cluster.environment(replacing: [
                "sbatch":
                    "real \"$@\" >/dev/null; echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1"
            ])
            let jobs = try SlurmJobs(cluster, environment: lost)
            let job = try await jobs.submit(1, script: "sleep 60")
            #expect(!job.id.isEmpty)
            let queue = try await cluster.run("squeue", "--noheader", "--states=all", "--format=%i %j")
            #expect(queue == "\(job.id) \(job.name)\n")
            try await jobs.backend.cancel(job)
            try await jobs.waitForEnd(job)
        }
    }

    @Test("A submission that hangs or was not accepted is a transient error, and leaves no job")
    func notAccepted() async throws {
        try await SlurmCluster.with { cluster in
            let scripts = [
                "cat >/dev/null; echo 'sbatch: error: Unable to contact slurm controller (connect failure)' >&2; exit 1",
                "sleep 600",
            ]
            for script in scripts {
                let environment = try cluster.environment(replacing: ["sbatch": script])
                let jobs = try SlurmJobs(cluster, environment: environment, patience: 3)
                let error = await #expect(throws: BackendError.self) { try await jobs.submit(1) }
                #expect(error?.code == .unreachable)
                #expect(error?.isTransient == true)
            }
            #expect(try await cluster.run("squeue", "--noheader") == "")
        }
    }

    @Test("An attempt that is submitted twice, by one engine or by two, is one job; also when it has ended")
    func idempotent() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let first = try await jobs.submit(1, script: "sleep 60")
            #expect(try await jobs.submit(1, script: "sleep 60") == first)
            #expect(try await SlurmJobs(cluster).submit(1, script: "sleep 60") == first)
            try await jobs.backend.cancel(first)
            try await jobs.waitForEnd(first)
            #expect(try await SlurmJobs(cluster).submit(1, script: "sleep 60") == first)
            let other = try await jobs.submit(2)
            #expect(other.id != first.id)
        }
    }

    @Test("A request that Slurm refuses is a permanent error in its own words")
    func refused() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let error = await #expect(throws: BackendError.self) {
                try await jobs.submit(1, ["partition": .string("nope")])
            }
            #expect(error?.code == .refused)
            #expect(error?.isTransient == false)
            #expect(error?.message.contains("nope") == true)
            var environment = cluster.environment
            environment["PATH"] = "/nonexistent"
            let missing = await #expect(throws: BackendError.self) {
                try await SlurmJobs(cluster, environment: environment).submit(2)
            }
            #expect(missing?.code == .missing)
        }
    }

    @Test(
        "Jobs are cancelled in the queue, while they run, once more when they have ended, and by name; unknown ones too"
    )
    func cancel() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let running = try await jobs.submit(1, cpus: 2, script: "sleep 600")
            let waiting = try await jobs.submit(2, cpus: 2, script: "sleep 600")
            try await jobs.wait(running) { if case .running(let hosts) = $0 { hosts.count == 2 } else { false } }
            for job in [running, waiting, running, BackendJob(id: "424242", name: "x")] {
                try await jobs.backend.cancel(job)
            }
            #expect(try await jobs.waitForEnd(running)?.kind == .cancelled)
            #expect(try await jobs.waitForEnd(waiting)?.kind == .cancelled)
            let named = try await jobs.submit(3, script: "sleep 600")
            try await jobs.backend.cancel(BackendJob(id: "", name: named.name))
            #expect(try await jobs.waitForEnd(named)?.kind == .cancelled)
        }
    }

    @Test("The live jobs of a run are found by their names, and those of no other")
    func find() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let live = try await jobs.submit(1, script: "sleep 600")
            let ended = try await jobs.submit(2)
            try await jobs.waitForEnd(ended)
            try await cluster.run(
                "sbatch", "--mem=10M", "--job-name=mu-other-1-0", "--output=/dev/null", "--wrap=sleep 600")
            let other = try SlurmJobs(cluster).backend
            #expect(try await other.find(flow: "F", run: "1") == [live])
            #expect(try await other.find(flow: "F", run: "2") == [])
        }
    }

    @Test("A job's end says its code; a job that nobody knows is forgotten")
    func ends() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let failed = try await jobs.submit(1, script: "exit 42")
            #expect(try await jobs.waitForEnd(failed)?.kind == .failed)
            let unknown = BackendJob(id: "4000000", name: "mu-x")
            guard case .ended(let end) = try await jobs.state(unknown) else {
                Issue.record("a job that was never there is not forgotten")
                return
            }
            #expect(end.kind == .forgotten)
            #expect(
                try await jobs.state(BackendJob(id: "", name: "mu-y")) == .unknown(reason: "its number is not known"))
        }
    }

    @Test("A squeue that fails or hangs says nothing; one that answers without the job has the others asked")
    func lyingQueue() async throws {
        try await SlurmCluster.with { cluster in
            let job = try await SlurmJobs(cluster).submit(1, script: "sleep 600")
            for script in ["exit 1", "echo garbage; exit 3", "sleep 600"] {
                let environment = try cluster.environment(replacing: ["squeue": script])
                let jobs = try SlurmJobs(cluster, environment: environment, patience: 1)
                let error = await #expect(throws: BackendError.self) { try await jobs.state(job) }
                #expect(error?.isTransient == true)
            }
            // Nothing, other people's words, and half a line; sacct is broken, hangs, or lies.
            for (queue, accounting) in [("true", "exit 1"), ("echo '1|'", "sleep 600"), ("echo x", "echo '1|x'")] {
                let environment = try cluster.environment(replacing: ["squeue": queue, "sacct": accounting])
                let jobs = try SlurmJobs(cluster, environment: environment, patience: 2)
                try await jobs.wait(job) { if case .running = $0 { true } else { false } }
            }
            // No source at all is no news.
            let dark = try cluster.environment(replacing: ["squeue": "true", "sacct": "exit 1", "scontrol": "exit 1"])
            guard case .unknown = try await SlurmJobs(cluster, environment: dark).state(job) else {
                Issue.record("a job that nobody could be asked about is not unknown")
                return
            }
        }
    }

    @Test("With an accounting database the end of a job is known when the controller has forgotten it")
    func accounting() async throws {
        try await SlurmCluster.with(arguments: ["--accounting"]) { cluster in
            let job = try await SlurmJobs(cluster).submit(1, script: "exit 42")
            try await SlurmJobs(cluster).waitForEnd(job)
            let environment = try cluster.environment(replacing: ["squeue": "true", "scontrol": "exit 1"])
            let jobs = try SlurmJobs(cluster, environment: environment)
            let end = try await jobs.waitForEnd(job)
            #expect(end?.kind == .failed)
            #expect(end?.exitCode != nil || end?.signal != nil)
        }
    }

    @Test("A job that waits says why in Slurm's words, and whether that can go away")
    func pending() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            func wait(_ job: BackendJob, for reason: String) async throws -> JobWait? {
                let state = try await jobs.wait(job) {
                    if case .queued(let wait) = $0 { wait.reason == reason } else { false }
                }
                if case .queued(let wait) = state { return wait } else { return nil }
            }
            let tooMany = try await jobs.submit(1, nodes: 9)
            let tooManyWait = try await wait(tooMany, for: "PartitionConfig")
            #expect(tooManyWait?.isHopeless == true)
            #expect(tooManyWait?.advice?.contains("fewer") == true)
            let held = try await jobs.submit(2, ["extra": .string("--hold")])
            #expect(try await wait(held, for: "JobHeldUser")?.isHopeless == true)
            let later = try await jobs.submit(3, ["extra": .string("--begin=now+1hour")])
            let laterWait = try await wait(later, for: "BeginTime")
            #expect(laterWait?.isHopeless == false && laterWait?.estimate != nil)
            _ = try await jobs.submit(4, cpus: 2, script: "sleep 600")
            let next = try await jobs.submit(5, cpus: 2)
            #expect(try await wait(next, for: "Resources")?.isHopeless == false)
        }
    }

    @Test(
        "Set-up lines run on every node before the command; one that fails fails the job, with its words in the output")
    func setup() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let job = try await jobs.submit(
                1, script: "echo $GREETING > \(cluster.shared)/said-$SLURM_PROCID",
                ["setup": .array([.string("A='b c'"), .string("export GREETING=\"hello $A\"")])])
            #expect(try await jobs.waitForEnd(job)?.kind == .completed)
            #expect(jobs.lines("said-0") == ["hello b c"] && jobs.lines("said-1") == ["hello b c"])
            let failing = try await jobs.submit(
                2, script: "touch \(cluster.shared)/ran", ["setup": .string("echo loading\nmodule-of-nobody load cuda")]
            )
            #expect(try await jobs.waitForEnd(failing)?.kind == .failed)
            #expect(jobs.read("2.0.slurm.out").contains("module-of-nobody"))
            #expect(jobs.read("ran").isEmpty && !FileManager.default.fileExists(atPath: "\(cluster.shared)/ran"))
        }
    }

    @Test("When one node fails, the others are ended with it")
    func oneFails() async throws {
        try await SlurmCluster.with { cluster in
            let jobs = try SlurmJobs(cluster)
            let job = try await jobs.submit(1, script: "[ $SLURM_PROCID = 0 ] && sleep 600; exit 3")
            let started = ContinuousClock.now
            #expect(try await jobs.waitForEnd(job)?.kind == .failed)
            #expect(ContinuousClock.now - started < .seconds(20))
        }
    }

    @Test(
        "Nothing of the engine's environment that could be a secret is in the job, its script or what Slurm tells of it"
    )
    func secrets() async throws {
        try await SlurmCluster.with { cluster in
            let secret = "s3cr3t-\(UInt32.random(in: 0...UInt32.max))"
            let environment = cluster.environment.merging([
                "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": secret, "MUSTER_SECRET": secret,
            ]) { $1 }
            let jobs = try SlurmJobs(cluster, environment: environment)
            let job = try await jobs.submit(
                1,
                script:
                    "env > \(cluster.shared)/env-$SLURM_PROCID; cat /proc/*/environ > \(cluster.shared)/all-$SLURM_PROCID 2>/dev/null; sleep 600"
            )
            try await jobs.wait(job) { _ in jobs.read("env-1").contains("SLURM_PROCID=1") && !jobs.read("all-1").isEmpty
            }
            let told = try await cluster.run("scontrol", "show", "job", "-dd", job.id)
            let script = try await cluster.run("scontrol", "write", "batch_script", job.id, "-")
            #expect(told.contains("muster:F/1/train/1/0"))
            #expect(script.contains("srun"))
            for text in [told, script, jobs.read("env-0"), jobs.read("env-1"), jobs.read("all-0"), jobs.read("all-1")] {
                #expect(!text.contains(secret))
            }
        }
    }

    @Test("With a host to call, Slurm's commands go through ssh, and the host's own variables do no harm")
    func throughSSH() async throws {
        try await SlurmCluster.with { cluster in
            // The other host is this machine: ssh's part is to hand the last argument to a shell there.
            let environment = try cluster.environment(replacing: [
                "ssh": """
                echo "$3" >> \(cluster.shared)/hosts
                [ "$1 $2" = "-o BatchMode=yes" ] || exit 255
                export SBATCH_PARTITION=nope SQUEUE_FORMAT=%i SLURM_NTASKS=9
                exec sh -c "$4"
                """
            ])
            let jobs = try SlurmJobs(cluster, environment: environment, ssh: "login.example")
            let job = try await jobs.submit(1, script: "echo 'it runs' > \(cluster.shared)/said-$SLURM_PROCID")
            #expect(try await jobs.waitForEnd(job)?.kind == .completed)
            #expect(jobs.lines("said-1") == ["it runs"])
            #expect(Set(jobs.lines("hosts")) == ["login.example"])
        }
    }
}
