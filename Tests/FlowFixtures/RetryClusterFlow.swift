import FoundationEssentials
import Muster

/// A cluster that fails at its first attempt: the second must see nothing of it.
@Flow
struct RetryClusterFlow {
    @Parameter("Where each attempt writes its port.") var ports = "/dev/null"

    @Step func start() -> Next { .train(nodes: 2) }

    @Retry(times: 1, minutesBetween: 0)
    @Torchrun
    @Step func train() async throws -> Next {
        let file = "\(current.temporaryFolder)/left-behind"
        guard !FileManager.default.fileExists(atPath: file) else { throw FixtureError("the first attempt left a file") }
        try Data().write(to: URL(filePath: file))
        try await current.torch.run(
            entrypoint: "Scripts/retry.sh", arguments: ["\(current.attempt)", ports], torchrunArguments: ["--no-python"]
        )
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }

    @Step func end() { print("the second attempt stood") }
}
