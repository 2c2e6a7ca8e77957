import Testing

@testable import MusterModel

@Suite struct SchedulerPlaceTests {
    static let slurm = [
        "SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0", "SLURM_PROCID": "2", "SLURM_STEP_NUM_NODES": "4",
        "SLURM_NNODES": "8", "SLURM_STEP_NODELIST": "n[1-4]", "SLURMD_NODENAME": "n3", "SLURM_CPUS_PER_TASK": "8",
        "SLURM_CPUS_ON_NODE": "64", "SLURM_MEM_PER_NODE": "16384", "SLURM_STEP_GPUS": "0,3",
        "SLURM_JOB_END_TIME": "1900000000",
    ]

    @Test("Slurm's variables tell node, gang, job and what the node may use")
    func fromSlurm() throws {
        let place = try SchedulerPlace.detect(Self.slurm)
        #expect(
            place
                == SchedulerPlace(
                    scheduler: "slurm", index: 2, count: 4, incarnation: "slurm:4711.0", job: "4711", host: "n3",
                    hosts: ["n1", "n2", "n3", "n4"], controlAddress: "n1", cpus: 8, gpus: 2, memory: 16384 << 20,
                    end: 1_900_000_000))
    }

    @Test("A job that was started again is another incarnation")
    func requeued() throws {
        let place = try SchedulerPlace.detect(Self.slurm.merging(["SLURM_RESTART_COUNT": "1"]) { $1 })
        #expect(place.incarnation == "slurm:4711.1")
    }

    @Test("What Slurm does not tell is not made up")
    func sparse() throws {
        let place = try SchedulerPlace.detect([
            "SLURM_JOB_ID": "1", "SLURM_STEP_ID": "0", "SLURM_PROCID": "0", "SLURM_NNODES": "1",
            "SLURM_CPUS_ON_NODE": "2", "SLURM_MEM_PER_NODE": "0",
        ])
        #expect(
            place
                == SchedulerPlace(
                    scheduler: "slurm", index: 0, count: 1, incarnation: "slurm:1.0", job: "1", cpus: 2, gpus: 0))
    }

    @Test("AWS Batch tells the main node's address to the others, and a job of one node has no node variables")
    func fromBatch() throws {
        let worker = try SchedulerPlace.detect([
            "AWS_BATCH_JOB_ID": "ab-1#1", "AWS_BATCH_JOB_ATTEMPT": "2", "AWS_BATCH_JOB_NODE_INDEX": "1",
            "AWS_BATCH_JOB_NUM_NODES": "2", "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS": "10.0.0.9",
        ])
        #expect(
            worker
                == SchedulerPlace(
                    scheduler: "batch", index: 1, count: 2, incarnation: "batch:ab-1.2", job: "ab-1",
                    controlAddress: "10.0.0.9"))
        let single = try SchedulerPlace.detect(["AWS_BATCH_JOB_ID": "cd-2"])
        #expect(
            single == SchedulerPlace(scheduler: "batch", index: 0, count: 1, incarnation: "batch:cd-2.1", job: "cd-2"))
    }

    @Test("An indexed Kubernetes job tells the index, its request the rest")
    func fromKubernetes() throws {
        let place = try SchedulerPlace.detect([
            "JOB_COMPLETION_INDEX": "3", "MUSTER_NODE_COUNT": "4", "MUSTER_JOB": "uid-1", "HOSTNAME": "mu-x-3",
            "MUSTER_NODE_MEMORY": "1024",
        ])
        #expect(
            place
                == SchedulerPlace(
                    scheduler: "kubernetes", index: 3, count: 4, incarnation: "kubernetes:uid-1", job: "uid-1",
                    host: "mu-x-3", memory: 1024))
    }

    @Test("Muster's own variables win over those of a scheduler around them")
    func explicit() throws {
        let place = try SchedulerPlace.detect(
            Self.slurm.merging([
                "MUSTER_NODE_INDEX": "0", "MUSTER_NODE_COUNT": "1", "MUSTER_JOB": "x.1",
                "MUSTER_CONTROL_ADDRESS": "10.1.1.1", "MUSTER_JOB_END": "5",
            ]) { $1 })
        #expect(
            place
                == SchedulerPlace(
                    scheduler: "program", index: 0, count: 1, incarnation: "program:x.1", job: "x.1",
                    controlAddress: "10.1.1.1", end: 5))
    }

    @Test(
        "An environment that does not say which node this is, is refused with the variable's name",
        arguments: [
            ([:], "MUSTER_NODE_INDEX"),
            (["SLURM_JOB_ID": "1"], "outside of a step"),
            (["SLURM_JOB_ID": "1", "SLURM_PROCID": "0", "SLURM_STEP_ID": "0"], "SLURM_STEP_NUM_NODES"),
            (["SLURM_JOB_ID": "1", "SLURM_PROCID": "4", "SLURM_STEP_ID": "0", "SLURM_NNODES": "4"], "node 4 of 4"),
            (["MUSTER_NODE_INDEX": "0"], "MUSTER_JOB"),
            (["MUSTER_NODE_INDEX": "x", "MUSTER_JOB": "1"], "MUSTER_NODE_INDEX is 'x'"),
            (["JOB_COMPLETION_INDEX": "0", "MUSTER_JOB": "u"], "MUSTER_NODE_COUNT"),
        ] as [([String: String], String)])
    func refuses(environment: [String: String], words: String) {
        let error = #expect(throws: SchedulerPlaceError.self) { try SchedulerPlace.detect(environment) }
        #expect(error?.message.contains(words) == true)
    }
}
