import MusterModel
import MusterTestSupport
import Testing

@testable import MusterFrameworks

@Suite struct TorchrunTests {
    static let roster = Roster(
        nodes: (0..<2).map { RosterNode(index: $0, address: "127.0.1.\($0 + 1)", cpus: 4, gpus: 0) })

    static func node(size: Int = 2, gpus: Int = 0, environment: [String: String] = [:]) -> NodeFacts {
        NodeFacts(index: 0, size: size, cpus: 4, gpus: gpus, environment: environment)
    }

    static func check(
        _ torchrunArguments: [String] = [], options: [String: JSONValue] = [:], settings: [String: JSONValue] = [:],
        node: NodeFacts = node()
    ) throws -> CheckedLaunch {
        var all: [String: JSONValue] = [
            "entrypoint": .string("train.py"), "torchrunArguments": .array(torchrunArguments.map(JSONValue.string)),
        ]
        all.merge(options) { $1 }
        return try TorchrunFramework().check(options: all, settings: settings, node: node)
    }

    static func plan(
        _ checked: CheckedLaunch, node: Int = 1, processes: [Int] = [1, 2], restart: Int = 0,
        environment: [String: String] = [:]
    ) throws -> LaunchPlan {
        try TorchrunFramework().plan(
            checked.request,
            LaunchContext(
                roster: self.roster, node: node, round: LaunchRound(launch: 1, restart: restart), port: 41234,
                processes: processes,
                runID: "Train-17-train-3-0-1", python: "/venv/bin/python3", environment: environment,
                folder: "/scratch/launch"))
    }

    static func text(_ plan: LaunchPlan) -> String {
        plan.processes.map { process in
            ([process.label, process.arguments.joined(separator: " ")]
                + process.environment.sorted { $0.key < $1.key }.map { "  \($0.key)=\($0.value)" }).joined(
                    separator: "\n")
        }.joined(separator: "\n") + "\n"
    }

    @Test("Workers get the command line and the environment that torchrun gives")
    func direct() throws {
        let checked = try Self.check(
            ["--max_restarts=2", "--role", "trainer", "--rdzv-id=job"],
            options: ["arguments": .array([.string("--epochs"), .string("5"), .string("--device=cpu:${local_rank}$")])])
        #expect(checked.request.restarts == 2)
        let difference = try differenceFromGolden(
            "torchrun/direct.txt", Self.text(try Self.plan(checked, restart: 1, environment: ["HOME": "/root"])))
        #expect(difference == nil)
    }

    @Test("The real torchrun is told the gang when its arguments ask for what only it does")
    func real() throws {
        let checked = try Self.check(
            ["--log-dir", "logs", "--tee=3", "--max-restarts=1"], options: ["processesPerNode": .int(2)])
        #expect(checked.request.processes == 1)
        #expect(checked.request.restarts == 0, "it restarts by itself")
        #expect(try differenceFromGolden("torchrun/real.txt", Self.text(try Self.plan(checked))) == nil)
        let elastic = try Self.check(["--rdzv-backend=c10d", "--virtual_local_rank"])
        #expect(try differenceFromGolden("torchrun/real-c10d.txt", Self.text(try Self.plan(elastic, node: 0))) == nil)
    }

    @Test(
        "These arguments keep their meaning without torchrun",
        arguments: [
            ["--nproc-per-node", "2"], ["--nproc_per_node=2"], ["--nnodes=2"], ["--nnodes", "2:2"],
            ["--max-restarts=3"],
            ["--rdzv_backend", "c10d"], ["--rdzv-backend=static"], ["--monitor-interval", "0.5"],
            ["--start_method=fork"],
            ["-m"], ["--module"], ["--no-python"], ["--master_port", "29501"], ["--role=x"], ["--rdzv-id", "y"],
            ["--nproc-per-node=auto"],
        ])
    func understood(arguments: [String]) throws {
        #expect(try Self.check(arguments).request.options["launcher"] == .string("direct"))
    }

    @Test(
        "These need the real torchrun",
        arguments: [
            ["--redirects", "3"], ["-t", "3"], ["-r3"], ["--rdzv-endpoint=host:1"], ["--rdzv-backend=etcd"],
            ["--nproc=2"],
            ["--signals-to-handle=SIGUSR1"], ["--shutdown-timeout", "5"], ["--virtual-local-rank"],
            ["--nproc-per-node=xpu"],
            ["--something-new", "7"], ["--run-path"],
        ])
    func foreign(arguments: [String]) throws {
        #expect(try Self.check(arguments).request.options["launcher"] == .string("torchrun"))
    }

    @Test("torchrun's own variables and the decorator's wish also call the real one")
    func onRequest() throws {
        let variable = try Self.check(node: Self.node(environment: ["PET_MAX_RESTARTS": "3"]))
        #expect(variable.request.options["launcher"] == .string("torchrun"))
        #expect(
            try Self.check(settings: ["launcher": .string("torchrun")]).request.options["launcher"]
                == .string("torchrun"))
    }

    @Test(
        "What cannot be is refused by name",
        arguments: [
            (["--nnodes", "3"], "--nnodes 3 does not fit this gang of 2"), (["--nnodes=1:4"], "--nnodes"),
            (["--node-rank", "1"], "--node-rank is set by Muster"), (["--master_addr=x"], "--master-addr"),
            (["--local-addr", "x"], "--local-addr"),
            (["--nproc-per-node"], "--nproc-per-node needs a value"), (["--nproc-per-node", "0"], "not '0'"),
            (["--nproc-per-node=-1"], "not '-1'"), (["--nproc-per-node", "gpu"], "none"),
            (["--max-restarts=-1"], "--max-restarts"),
            (["--max-restarts", "many"], "'many'"), (["--master-port=70000"], "70000"),
            (["--standalone"], "--standalone"),
            (["-m", "--no-python"], "exclude each other"), (["--module=x"], "takes no value"),
            (["train.py"], "'train.py' is not an option"),
            (["--monitor-interval=soon"], "soon"), (["--start-method=hop"], "hop"),
            (["--role="], "--role needs a value"),
        ])
    func invalid(arguments: [String], message: String) throws {
        let error = try #require(throws: FrameworkError.self) { try Self.check(arguments) }
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test(
        "Options of the wrong type, missing or unknown ones are refused by name",
        arguments: [
            (["entrypoint": JSONValue.null], "entrypoint is missing"),
            (["entrypoint": .int(3)], "entrypoint must be a text, not 3"),
            (["arguments": .string("x")], "arguments must be a list"),
            (["arguments": .array([.int(1)])], "arguments must be a list of texts"),
            (["processesPerNode": .int(0)], "processesPerNode"),
            (["processesPerNode": .string("2")], "processesPerNode"),
            (["processes": .int(2)], "no option 'processes'"), (["arguments": .array([.string("a\0b")])], "NUL"),
        ] as [([String: JSONValue], String)])
    func options(options: [String: JSONValue], message: String) throws {
        let error = try #require(throws: FrameworkError.self) { try Self.check(options: options) }
        #expect(error.message.contains(message), "\(error.message)")
    }

    @Test("Processes per node: the request, torchrun's argument or the decorator, never two that differ")
    func counts() throws {
        #expect(try Self.check().request.processes == 1)
        #expect(try Self.check(settings: ["processesPerNode": .int(3)]).request.processes == 3)
        #expect(
            try Self.check(options: ["processesPerNode": .int(2)], settings: ["processesPerNode": .int(3)]).request
                .processes == 2)
        #expect(try Self.check(["--nproc-per-node=5"], settings: ["processesPerNode": .int(3)]).request.processes == 5)
        #expect(try Self.check(["--nproc-per-node=cpu"]).request.processes == 4)
        #expect(try Self.check(["--nproc-per-node=auto"], node: Self.node(gpus: 2)).request.processes == 2)
        #expect(throws: FrameworkError.self) {
            try Self.check(["--nproc-per-node=5"], options: ["processesPerNode": .int(2)])
        }
    }

    @Test("Ranks follow the nodes, whatever each of them starts")
    func ranks() throws {
        let checked = try Self.check()
        let plans = try (0..<2).map { try Self.plan(checked, node: $0, processes: [3, 2]) }
        let environments = plans.flatMap(\.processes).map(\.environment)
        #expect(environments.map { $0["RANK"] } == ["0", "1", "2", "3", "4"])
        #expect(environments.map { $0["LOCAL_RANK"] } == ["0", "1", "2", "0", "1"])
        #expect(environments.map { $0["LOCAL_WORLD_SIZE"] } == ["3", "3", "3", "2", "2"])
        #expect(
            environments.allSatisfy {
                $0["WORLD_SIZE"] == "5" && $0["MASTER_ADDR"] == "127.0.1.1" && $0["MASTER_PORT"] == "41234"
            })
    }

    @Test("OMP_NUM_THREADS is 1 when several workers share a node and nobody said otherwise")
    func threads() throws {
        let checked = try Self.check()
        func threads(_ count: Int, _ environment: [String: String]) throws -> String? {
            try Self.plan(checked, node: 0, processes: [count, 1], environment: environment).processes.first?
                .environment["OMP_NUM_THREADS"]
        }
        #expect(try threads(1, [:]) == nil)
        #expect(try threads(2, [:]) == "1")
        #expect(try threads(2, ["OMP_NUM_THREADS": "8"]) == "8")
    }

    @Test("The script must be a file of the work folder, a module or a program of the PATH need not")
    func files() throws {
        #expect(try Self.check().files == ["train.py"])
        #expect(try Self.check(["-m"]).files == [])
        #expect(try Self.check(["--no-python"], options: ["entrypoint": .string("hostname")]).files == [])
        #expect(try Self.check(["--no-python"], options: ["entrypoint": .string("./run.sh")]).files == ["./run.sh"])
    }

    @Test("Frameworks are found by their names, and no other")
    func names() {
        #expect(Frameworks.named("nothing") == nil)
        for name in Frameworks.names { #expect(Frameworks.named(name).map { type(of: $0).name } == name) }
    }
}
