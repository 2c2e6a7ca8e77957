import Muster

/// A step that fails, and a flow that goes on.
@Flow
struct CatchFlow {
    @Parameter("Whether the step fails.") var fails = true

    var failure: TaskFailure?
    var reached = false

    @Step func start() -> Next { .risky }

    @Retry(times: 1, minutesBetween: 0)
    @Catch(into: "failure")
    @Step mutating func risky() throws -> Next {
        reached = true
        if fails { throw FixtureError("the risky step failed on attempt \(current.attempt)") }
        return .end
    }

    @Step func end() throws {
        try expect(failure == nil, !fails, "caught nothing")
        try expect(reached, true, "kept what the risky step had set")
        print("caught: \(failure?.message ?? "nothing")")
    }
}
