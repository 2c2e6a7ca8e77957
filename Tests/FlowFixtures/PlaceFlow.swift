import FoundationEssentials
import Muster

/// Leaves a file where its steps run, and runs a script that stands beside the flow.
@Flow
struct PlaceFlow {
    private static let file = "left.txt"

    @Step func start() async throws -> Next {
        try Data("written by start".utf8).write(to: URL(filePath: Self.file))
        try await current.process.run(["/bin/sh", "Scripts/beside.sh"])
        return .end
    }

    @Step func end() {
        let left = try? Data(contentsOf: URL(filePath: Self.file))
        print("place: \(left.map { String(decoding: $0, as: UTF8.self) } ?? "nothing")")
    }
}
