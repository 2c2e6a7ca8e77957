import MusterFrameworks
import MusterModel
import MusterTestKit
import Testing

@Suite struct FrameworkConformanceTests {
    static func texts(_ texts: [String]) -> JSONValue { .array(texts.map(JSONValue.string)) }

    static let torchrun = FrameworkSubject(
        TorchrunFramework(),
        settings: [
            .init(), .init(["processesPerNode": .int(3)]), .init(["launcher": .string("torchrun")]),
        ],
        ranks: .init(rank: "RANK", world: "WORLD_SIZE"),
        variables: [
            "RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "ROLE_NAME", "LOCAL_WORLD_SIZE", "WORLD_SIZE",
            "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RESTART_COUNT",
            "TORCHELASTIC_MAX_RESTARTS", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_USE_AGENT_STORE",
            "TORCHELASTIC_SIGNALS_TO_HANDLE", "TORCHELASTIC_ERROR_FILE",
        ],
        otherLaunches: [
            ["entrypoint": .string("train.py"), "processesPerNode": .int(2)],
            [
                "entrypoint": .string("train"),
                "torchrunArguments": texts(["-m", "--max-restarts=2", "--nproc-per-node=auto"]),
            ],
            ["entrypoint": .string("train.py"), "torchrunArguments": texts(["--tee", "3", "--rdzv-backend=c10d"])],
        ]
    ) { ["entrypoint": .string("train.py"), "arguments": texts($0)] }

    static let deepspeed = FrameworkSubject(
        DeepSpeedFramework(), settings: [.init(), .init(["launcher": .string("deepspeed")])],
        ranks: .init(rank: "RANK", world: "WORLD_SIZE"),
        variables: [
            "RANK", "LOCAL_RANK", "LOCAL_SIZE", "WORLD_SIZE", "CROSS_RANK", "CROSS_SIZE", "MASTER_ADDR", "MASTER_PORT",
        ],
        otherLaunches: [
            ["entrypoint": .string("train.py"), "deepspeedArguments": texts(["--num_gpus", "1", "--no_local_rank"])],
            ["entrypoint": .string("train"), "deepspeedArguments": texts(["--module", "--bind_cores_to_rank"])],
        ]
    ) { ["entrypoint": .string("train.py"), "arguments": texts($0)] }

    static let mpi = FrameworkSubject(
        MPIFramework(),
        otherLaunches: [
            ["operation": .string("run"), "arguments": texts(["-n", "12"]), "program": .string("./heat")],
            ["operation": .string("cc"), "arguments": texts(["-O2", "-o", "heat", "heat.c"])],
        ]
    ) {
        [
            "operation": .string("exec"), "arguments": texts(["-n", "4"]), "program": .string("heat"),
            "programArguments": texts($0),
        ]
    }

    static let ray = FrameworkSubject(
        RayFramework(),
        settings: [
            .init(), .init(["dashboard": .bool(true), "workerLogs": .bool(false)]),
            .init(["dashboard": .bool(true), "dashboardPort": .int(8265)]),
        ],
        variables: ["RAY_ADDRESS", "PYTHONUNBUFFERED"], numbers: [8265])

    static let tensorflow = FrameworkSubject(
        TensorFlowFramework(),
        settings: [
            .init(), .init(["chief": .bool(true)]),
            .init(["chief": .bool(true), "parameterServers": .int(1), "evaluator": .bool(true)], smallestGang: 4),
        ],
        variables: ["TF_CONFIG"])

    static let parallel = FrameworkSubject(
        ParallelFramework(), variables: ["WHO"],
        otherLaunches: [
            ["arguments": texts(["hostname"]), "nodes": .string("control")],
            [
                "arguments": texts(["./tool", "x"]), "nodes": .int(0),
                "environment": .object(["WHO": .string("a = b")]),
            ],
        ]
    ) { ["arguments": texts(["printf"] + $0)] }

    static func relay(_ fault: RelayFramework.Fault? = nil) -> FrameworkSubject {
        FrameworkSubject(
            RelayFramework(fault: fault), settings: [.init(["team": .string("north")])],
            ranks: .init(rank: "RELAY_RANK", world: "RELAY_WORLD"),
            variables: ["RELAY_RANK", "RELAY_WORLD", "RELAY_ORDER", "RELAY_CALL"]
        ) { ["words": texts($0)] }
    }

    @Test(
        "Every framework that Muster brings keeps what a framework promises",
        arguments: [torchrun, deepspeed, mpi, ray, tensorflow, parallel])
    func ours(subject: FrameworkSubject) {
        #expect(FrameworkConformance(subject).problems() == [])
    }

    @Test("All of Muster's frameworks are put to the test")
    func all() {
        let tested = [Self.torchrun, Self.deepspeed, Self.mpi, Self.ray, Self.tensorflow, Self.parallel].map {
            type(of: $0.framework).name
        }
        #expect(Set(tested) == Set(Frameworks.names))
    }

    @Test("A framework from outside that keeps every promise has no problems")
    func outside() {
        #expect(FrameworkConformance(Self.relay()).problems() == [])
    }

    @Test("A framework that breaks a promise is told which, and only that", arguments: RelayFramework.Fault.allCases)
    func broken(fault: RelayFramework.Fault) {
        let problems = FrameworkConformance(Self.relay(fault)).problems()
        #expect(Set(problems.map(\.rule.rawValue)) == [fault.rule], "\(problems)")
        #expect(problems.allSatisfy { !$0.place.isEmpty && !$0.description.isEmpty })
    }

    @Test("Every rule is broken by one of the faulty frameworks")
    func everyRule() {
        let broken = Set(RelayFramework.Fault.allCases.map(\.rule))
        #expect(broken == Set(FrameworkRule.allCases.map(\.rawValue)))
    }
}
