import FoundationEssentials
import Muster

/// What the nodes of a plain gang do together: barriers, files for all, programs on all.
@Flow
struct TogetherFlow {
    @Parameter("How many nodes.") var nodes = 3
    @Parameter("The node that comes to no barrier; -1 for none.") var missing = -1
    @Parameter("The node whose launched program fails; -1 for none.") var failing = -1

    var seen: [String] = []

    @Step func start() -> Next { .work(nodes: nodes) }

    @Parallel
    @Step mutating func work() async throws -> Next {
        let place = current.parallel
        if place.nodeIndex == missing { return .join }
        try await place.barrier()
        if place.isControl {
            try FileManager.default.createDirectory(atPath: "Scripts/made", withIntermediateDirectories: true)
            try Data("made by \(place.nodeIndex)\n".utf8).write(to: URL(filePath: "Scripts/made/note.txt"))
            try await place.broadcastFile("Scripts/made/note.txt")
        }
        try await place.barrier()
        let note = try String(contentsOfFile: "Scripts/made/note.txt", encoding: .utf8)
        let script = "echo launched on $MUSTER_NODE_INDEX as $NAME; test $MUSTER_NODE_INDEX != \(failing)"
        try await place.launch(["/bin/sh", "-c", script], environment: ["NAME": "a b=\"ü\""])
        try await place.launch(["/bin/sh", "-c", "echo only on $MUSTER_NODE_INDEX"], on: .node(place.nodes - 1))
        seen = ["\(place.nodeIndex): \(note.split(separator: "\n")[0])"]
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) -> Next {
        seen = inputs.flatMap(\.seen)
        return .end
    }

    @Step func end() throws {
        try expect(seen, (0..<nodes).map { "\($0): made by 0" }, "what the nodes saw")
        print("together: \(seen.count)")
    }
}
