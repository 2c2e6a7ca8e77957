import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterBackends

@Suite struct SlurmScriptTests {
    static let attempt = AttemptID(flow: "Train", run: "17", step: "train", task: 12, attempt: 0)

    static func launch(
        nodes: Int = 4, minimum: Int? = nil, resources: Resources? = Resources(cpu: 8, gpu: 2, memory: 16 << 30),
        command: [String] = [
            "/shared/.muster/agents/ab12/muster-agent", "node", "--order",
            "/shared/.muster/runs/Train/17/train/12.0.order",
        ],
        folder: String? = "/shared/.muster/runs/Train/17/train/12.0", timeLimit: Double? = nil,
        _ options: [String: JSONValue] = [:]
    ) -> GangLaunch {
        GangLaunch(
            attempt: self.attempt, name: "mu-abcdefgh-train-12-0", nodes: nodes, minimum: minimum, resources: resources,
            command: command, setupFailed: [command[0], "setup-failed"] + command.dropFirst(2), folder: folder,
            timeLimit: timeLimit, place: PlaceSettings(name: "slurm", options: options))
    }

    static let cases: [(name: String, launch: GangLaunch)] = [
        ("plain", launch(nodes: 1, resources: nil)),
        ("gang", launch(timeLimit: 3601, ["partition": .string("gpu"), "account": .string("physics")])),
        ("elastic", launch(minimum: 2, resources: Resources(cpu: 0, gpu: 0, memory: 1))),
        (
            "everything",
            launch(
                command: ["/a path/muster's agent", "node", "--order", "/a path/100%/12.0.order"],
                folder: "/a path/100%/\"12\".0",
                [
                    "partition": .string("gpu"), "account": .string("a"), "qos": .string("high"),
                    "time": .string("1-12:00:00"), "constraint": .string("a100&nvlink"), "gpus": .string("a100"),
                    "exclusive": .bool(true), "switches": .string("1@10:00"), "nodelist": .string("n[1-4]"),
                    "setup": .array([.string("module load cuda/12.4"), .string("export A='b c'")]),
                    "extra": .array([.string("--mail-type=END"), .string("--hint=nomultithread")]),
                    "image": .string("docker://python:3.12"), "mounts": .array([.string("/data:/data")]),
                ])
        ),
        ("gres", launch(nodes: 2, ["gres": .string("gpu:a100:2"), "login": .bool(false), "setup": .string("true")])),
        ("bucket", launch(nodes: 2, folder: nil)),
    ]

    @Test(
        "The script of each kind of gang is the one on file, and a shell can read it", arguments: cases.map { $0.name })
    func golden(name: String) throws {
        let launch = try #require(Self.cases.first { $0.name == name }).launch
        let text = try SlurmScript(launch, SlurmOptions(launch.place.options)).text()
        #expect(try differenceFromGolden("slurm/\(name).sh", text) == nil)
        let check = Process()
        check.executableURL = URL(filePath: "/bin/bash")
        check.arguments = ["-n", "-c", text]
        try check.run()
        check.waitUntilExit()
        #expect(check.terminationStatus == 0)
    }

    @Test("A script that would be longer than 8 KiB is refused; none is, whatever the task is given")
    func length() throws {
        let line = String(repeating: "a", count: 9000)
        #expect(throws: BackendError.self) {
            try SlurmScript(Self.launch(), SlurmOptions(["setup": .string(line)])).text()
        }
        let longest = try SlurmScript(
            Self.launch(folder: "/" + String(repeating: "f", count: 1000)), SlurmOptions(["extra": .string("--nice=1")])
        ).text()
        #expect(longest.utf8.count < 3000)
    }

    @Test(
        "A flag that has an option or a resource of its own is refused when both are given, and taken alone",
        arguments: [
            ("--partition=a", ["partition": .string("b")]), ("-pa", ["partition": .string("b")]),
            ("--time=5", ["time": .int(5)]), ("--mem=5G", [:]), ("--mem-per-cpu=5G", [:]), ("--gres=gpu:1", [:]),
            ("-G 4", [:]), ("--exclusive", ["exclusive": .bool(true)]),
        ] as [(String, [String: JSONValue])])
    func conflicts(flag: String, options: [String: JSONValue]) throws {
        let both = try SlurmOptions(options.merging(["extra": .string(flag)]) { $1 })
        #expect(throws: BackendError.self) { try SlurmScript(Self.launch(), both).text() }
        let alone = try SlurmOptions(["extra": .string(flag)])
        #expect(try SlurmScript(Self.launch(resources: nil), alone).text().contains("#SBATCH \(flag)\n"))
    }

    @Test("A control character in a path is refused")
    func control() throws {
        #expect(throws: BackendError.self) {
            try SlurmScript(Self.launch(folder: "/a\n#SBATCH --uid=0/b"), SlurmOptions()).text()
        }
    }
}
