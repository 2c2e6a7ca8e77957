import Foundation
import MusterBackends
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterBatch

@Suite struct BatchRequestTests {
    private static let words = [
        "/bin/sh", "-c", "exec \"$@\"", "muster-agent", "https://bucket.s3.amazonaws.com/p/agents/0?X-Amz-Signature=1",
        "abc", "node", "--order", "s3://bucket/p/runs/TrainFlow/7/attempts/train/12.0.order",
    ]

    private static func launch(
        _ nodes: Int, task: Int = 12, resources: Resources? = Resources(cpu: 8, gpu: 1, memory: 24_000 << 20),
        options: [String: JSONValue] = [:]
    ) -> GangLaunch {
        let attempt = AttemptID(flow: "TrainFlow", run: "7", step: "train", task: task, attempt: 0)
        return GangLaunch(
            attempt: attempt, name: JobName.of(attempt, store: "s3://bucket/p"), nodes: nodes, resources: resources,
            command: self.words, timeLimit: 4200, place: PlaceSettings(name: "batch", options: options))
    }

    private static func text(_ launch: GangLaunch) throws -> BatchRequestText {
        let basics: [String: JSONValue] = [
            "queue": .string("gpus"), "image": .string("registry/train:1"),
            "iam_role": .string("arn:aws:iam::1:role/job"),
        ]
        let options = try BatchOptions(
            basics.merging(launch.place.options) { $1 }, memory: NodeMemory.of(launch))
        return try BatchRequestText(launch, options)
    }

    @Test("The requests of gangs are as the golden files say", arguments: [1, 2, 6, 1000])
    func golden(nodes: Int) throws {
        #expect(try differenceFromGolden("batch/gang-\(nodes).json", Self.text(Self.launch(nodes)).text()) == nil)
    }

    @Test("All options of the decorator stand in the definition")
    func everything() throws {
        let launch = Self.launch(
            2,
            options: [
                "execution_role": .string("arn:aws:iam::1:role/pull"), "shared_memory": .int(8192),
                "max_swap": .int(1024), "swappiness": .int(10), "trainium": .int(2), "efa": .int(1),
                "host_volumes": .array([.string("/data"), .string("/a:/b")]), "efs_volumes": .string("fs-1:/efs"),
                "use_tmpfs": .bool(true), "log_driver": .string("awslogs"),
                "log_options": .array([.string("awslogs-group=g")]), "privileged": .bool(true),
                "aws_batch_tags": .object(["team": .string("vision")]), "instance_type": .string("p4d.24xlarge"),
                "share_identifier": .string("research"), "scheduling_priority": .int(5),
            ])
        #expect(try differenceFromGolden("batch/everything.json", Self.text(launch).text()) == nil)
    }

    @Test("A job on Fargate names its role, and asks for nothing that Fargate does not have")
    func fargate() throws {
        let launch = Self.launch(
            1, resources: nil,
            options: [
                "fargate": .bool(true), "execution_role": .string("arn:aws:iam::1:role/pull"),
                "ephemeral_storage": .int(50),
            ])
        #expect(try differenceFromGolden("batch/fargate.json", Self.text(launch).text()) == nil)
    }

    @Test("Gangs of one shape share a definition, whatever their size and task; another image has another")
    func shapes() throws {
        let first = try Self.text(Self.launch(2)).definition
        #expect(try Self.text(Self.launch(900, task: 99)).definition == first)
        let other = try Self.text(Self.launch(2, options: ["image": .string("registry/train:2")])).definition
        #expect(other.jobDefinitionName != first.jobDefinitionName)
        #expect(first.jobDefinitionName.wholeMatch(of: /muster-[0-9a-f]{26}/) != nil)
    }

    @Test("What a submission adds stays below two kibibytes")
    func overrides() throws {
        let submission = try Self.text(Self.launch(1000)).submission
        #expect(try JobDefinition.encoded(submission.nodeOverrides).count < 2048)
    }

    @Test("The shell's text has the words of the submission as its arguments")
    func command() async throws {
        let command = try BatchCommand(
            [
                "/bin/sh", "-c", "printf '%s|' \"$0\" \"$@\"; echo \"${MUSTER_WORDS-none}\"", "muster-agent", "a b",
                "*", "$x",
            ])
        let process = Process()
        process.executableURL = URL(filePath: command.definition[0])
        process.arguments = Array(command.definition.dropFirst())
        process.environment = [BatchCommand.variable: command.words]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(String(decoding: output, as: UTF8.self) == "muster-agent|a b|*|$x|none\n")
    }

    @Test(
        "A registry stands before the names of images that have none",
        arguments: [
            ("team/train:1", "registry.example/team/train:1"), ("python:3.12", "registry.example/python:3.12"),
            ("other.example/train", "other.example/train"), ("host:5000/train", "host:5000/train"),
            ("localhost/train", "localhost/train"),
        ])
    func registries(image: String, expected: String) throws {
        for registry in ["registry.example", "registry.example/"] {
            let launch = Self.launch(1, options: ["image": .string(image), "registry": .string(registry)])
            #expect(try Self.text(launch).definition.containerProperties?.image == expected)
        }
    }

    @Test("A text is read as it was written")
    func roundTrip() throws {
        let text = try Self.text(Self.launch(6))
        #expect(try BatchRequestText(text: text.text()) == text)
    }

    @Test(
        "An option that is wrong is named",
        arguments: [
            (["queue": .string("")], "job queue"), (["image": .string("")], "image"),
            (["cpus": .int(2)], "cpus"), (["shared_memory": .string("much")], "shared_memory"),
            (["host_volumes": .string("data")], "host_volumes"), (["efs_volumes": .string("x")], "efs_volumes"),
            (["swappiness": .int(200)], "swappiness"), (["privileged": .string("yes")], "privileged"),
            (["log_options": .array([.string("x")])], "log_options"), (["queue_deadline": .int(0)], "queue_deadline"),
            (["fargate": .bool(true)], "role"), (["ephemeral_storage": .int(30)], "Fargate"),
            (["image": .string(String(repeating: "i", count: 256))], "255"),
        ] as [([String: JSONValue], String)])
    func refusals(options: [String: JSONValue], word: String) throws {
        do {
            _ = try Self.text(Self.launch(2, options: options))
            Issue.record("\(options) was taken")
        } catch let error as BackendError {
            #expect(error.code == .options)
            #expect(error.message.contains(word), "\(error)")
        }
    }
}
