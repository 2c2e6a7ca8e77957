import MusterModel
import MusterTestSupport
import Testing

@testable import MusterFrameworks

/// The plan of each framework, compared with golden files.
@Suite struct GoldenPlanTests {
    static func roster(_ size: Int, isOneMachine: Bool = true, gpus: Int = 0) -> Roster {
        Roster(
            nodes: (0..<size).map {
                RosterNode(
                    index: $0, address: isOneMachine ? "127.0.1.\($0 + 1)" : "10.0.0.\($0 + 1)", cpus: 2, gpus: gpus,
                    memory: $0 == 1 ? 4 << 30 : 0, ports: [41000 + 10 * $0, 41001 + 10 * $0])
            })
    }

    static func launch(
        _ framework: any Framework, _ options: [String: JSONValue], settings: [String: JSONValue] = [:], node: Int = 1,
        roster: Roster = roster(2), environment: [String: String] = ["HOME": "/root"]
    ) throws -> String {
        let checked = try roster.nodes.map {
            try framework.check(
                options: options, settings: settings,
                node: NodeFacts(index: $0.index, size: roster.count, cpus: $0.cpus, gpus: $0.gpus, environment: [:]))
        }
        let context = LaunchContext(
            roster: roster, node: node, round: LaunchRound(launch: 1, restart: 0), port: 41234,
            processes: checked.map(\.request.processes), runID: "Train-17-train-3-0-1", python: "/venv/bin/python3",
            environment: environment, folder: "/scratch/launch", agent: "/opt/muster-agent")
        return PlanText.text(try framework.plan(checked[0].request, context))
    }

    static func services(
        _ framework: any Framework, _ settings: [String: JSONValue] = [:], node: Int = 0, roster: Roster = roster(2),
        version: String? = nil
    ) throws -> String {
        PlanText.text(
            try framework.services(
                settings: settings,
                SetupContext(
                    roster: roster, node: node, clusterID: "Train-17-train-3-0", secret: "s3cret",
                    python: "/venv/bin/python3", version: version,
                    environment: ["HOME": "/root"], folder: "/scratch/c")))
    }

    private static let virtual = ["HOME": "/root", "VIRTUAL_ENV": "/venv"]

    static func texts(_ texts: String...) -> JSONValue { .array(texts.map(JSONValue.string)) }

    @Test("DeepSpeed's workers get what its own launcher gives them")
    func deepspeed() throws {
        let options: [String: JSONValue] = [
            "entrypoint": .string("train.py"), "arguments": Self.texts("--epochs", "5"),
        ]
        let direct = try Self.launch(DeepSpeedFramework(), options, environment: Self.virtual)
        #expect(try differenceFromGolden("deepspeed/direct.txt", direct) == nil)
        let gpus = try Self.launch(
            DeepSpeedFramework(),
            options.merging(["deepspeedArguments": Self.texts("--num_gpus=1", "--module")]) { $1 },
            roster: Self.roster(2, gpus: 2), environment: Self.virtual)
        #expect(try differenceFromGolden("deepspeed/gpus.txt", gpus) == nil)
    }

    @Test("DeepSpeed's own runner is told the gang when only it can do what is asked")
    func deepspeedRunner() throws {
        let plan = try Self.launch(
            DeepSpeedFramework(),
            ["entrypoint": .string("train.py"), "deepspeedArguments": Self.texts("--bind_cores_to_rank")],
            environment: Self.virtual)
        #expect(try differenceFromGolden("deepspeed/real.txt", plan) == nil)
    }

    @Test("MPI's launcher finds hosts, slots and a way to reach them, under the names of all three kinds")
    func mpi() throws {
        let options: [String: JSONValue] = [
            "operation": .string("exec"), "arguments": Self.texts("-n", "4"), "program": .string("heat"),
            "programArguments": Self.texts("out"),
        ]
        #expect(try differenceFromGolden("mpi/control.txt", Self.launch(MPIFramework(), options, node: 0)) == nil)
        #expect(try differenceFromGolden("mpi/worker.txt", Self.launch(MPIFramework(), options, node: 1)) == nil)
        let machines = try Self.launch(MPIFramework(), options, node: 0, roster: Self.roster(2, isOneMachine: false))
        #expect(try differenceFromGolden("mpi/machines.txt", machines) == nil)
        let compiler = try Self.launch(
            MPIFramework(), ["operation": .string("cc"), "arguments": Self.texts("-o", "heat", "heat.c")], node: 0)
        #expect(try differenceFromGolden("mpi/cc.txt", compiler) == nil)
    }

    @Test("Ray's head and nodes start at once, with what each node reserved")
    func ray() throws {
        #expect(try differenceFromGolden("ray/head.txt", Self.services(RayFramework())) == nil)
        #expect(try differenceFromGolden("ray/node.txt", Self.services(RayFramework(), node: 1)) == nil)
        let dashboard = try Self.services(
            RayFramework(), ["dashboard": .bool(true), "workerLogs": .bool(false)],
            roster: Self.roster(1, isOneMachine: false, gpus: 1))
        #expect(try differenceFromGolden("ray/dashboard.txt", dashboard) == nil)
    }

    @Test("What a release of Ray does not know is left out, or said where that release takes it")
    func rayReleases() throws {
        for (version, file) in [("2.9.0", "old-node"), ("2.41.0", "log-monitor-node"), ("2.54.1", "any-port-node")] {
            let plan = try Self.services(RayFramework(), node: 1, version: version)
            #expect(try differenceFromGolden("ray/\(file).txt", plan) == nil)
        }
        let newest = try Self.services(RayFramework(), node: 1)
        for version in ["2.55.0", "2.60.0", "3.0.0.dev0", "of my own"] {
            #expect(try Self.services(RayFramework(), node: 1, version: version) == newest)
        }
        #expect(RayRelease("2.9.3") < RayRelease("2.10.0"))
    }

    @Test("TensorFlow's nodes get their roles in node order")
    func tensorflow() throws {
        #expect(
            try differenceFromGolden("tensorflow/workers.txt", Self.services(TensorFlowFramework(), node: 1)) == nil)
        let all: [String: JSONValue] = [
            "chief": .bool(true), "parameterServers": .int(1), "evaluator": .bool(true),
        ]
        let roles = try (0..<5).map { try Self.services(TensorFlowFramework(), all, node: $0, roster: Self.roster(5)) }
        #expect(try differenceFromGolden("tensorflow/roles.txt", roles.joined()) == nil)
    }

    @Test(
        "A TensorFlow gang without anybody who trains is refused",
        arguments: [
            (["parameterServers": .int(2)], 2), (["chief": .bool(true), "parameterServers": .int(1)], 2),
            (["evaluator": .bool(true)], 1),
        ] as [([String: JSONValue], Int)])
    func tensorflowRoles(settings: [String: JSONValue], size: Int) throws {
        let error = try #require(throws: FrameworkError.self) {
            try TensorFlowFramework().setup(settings: settings, size: size)
        }
        #expect(error.message.contains("to be a worker; enter the step with more nodes"))
    }

    @Test("A program runs on the nodes that were asked for, called by its node where there are several")
    func parallel() throws {
        let options: [String: JSONValue] = [
            "arguments": Self.texts("bin/tool", "a b"), "environment": .object(["WHO": .string("me")]),
        ]
        #expect(try differenceFromGolden("parallel/all.txt", Self.launch(ParallelFramework(), options)) == nil)
        let one = try Self.launch(ParallelFramework(), options.merging(["nodes": .int(1)]) { $1 })
        #expect(try differenceFromGolden("parallel/one.txt", one) == nil)
        #expect(
            try Self.launch(ParallelFramework(), options.merging(["nodes": .string("control")]) { $1 }) == "nothing\n")
    }

    @Test(
        "What says where a process runs cannot be set for a program",
        arguments: ["MUSTER_NODE_INDEX", "MUSTER_ANYTHING", "MF_PARALLEL_NUM_NODES"])
    func identity(name: String) throws {
        let error = try #require(throws: FrameworkError.self) {
            try Self.launch(
                ParallelFramework(), ["arguments": Self.texts("true"), "environment": .object([name: .string("1")])])
        }
        #expect(error.message.contains(name))
    }
}
