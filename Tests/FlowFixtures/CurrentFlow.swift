import Muster

/// Prints what a step knows of itself.
@Flow
struct CurrentFlow {
    var pathspecs: [String] = []

    @Environment(["MUSTER_FIXTURE_VARIABLE": "set by the decorator"])
    @Step mutating func start() async throws -> Next {
        try expect(current.flowName, "CurrentFlow", "flow")
        try expect(current.stepName, "start", "step")
        try expect(current.pathspec, "CurrentFlow/\(current.runID)/start/\(current.taskID)", "pathspec")
        try expect(current.parallel.nodes, 1, "nodes")
        try expect(current.index, nil, "index")
        pathspecs.append(current.pathspec)
        try await current.process.run(
            ["/bin/sh", "-c", "echo child sees: $MUSTER_FIXTURE_VARIABLE $EXTRA"], environment: ["EXTRA": "more"])
        return .failing
    }

    @Catch(into: "failure")
    @Step func failing() async throws -> Next {
        try await current.process.run(["/bin/sh", "-c", "echo these are the last words; exit 5"])
        return .end
    }

    var failure: TaskFailure?

    @Step func end() throws {
        try expect(failure?.code, .exit, "code")
        try expect(failure?.exitCode, 5, "exit code")
        print("current: \(pathspecs) origin \(current.originRunID ?? "none") user \(current.user)")
    }
}
