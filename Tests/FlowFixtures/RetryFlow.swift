import FoundationEssentials
import Muster

/// A step that fails on its first attempt and finds nothing left over on its second.
@Flow
struct RetryFlow {
    @Parameter("How many attempts fail.") var failures = 1

    var attempts = 0

    @Step func start() -> Next { .flaky }

    @Retry(times: 2, minutesBetween: 0)
    @Step mutating func flaky() throws -> Next {
        let marker = current.temporaryFolder + "/marker"
        guard !FileManager.default.fileExists(atPath: marker) else {
            throw FixtureError("the temporary folder is not fresh")
        }
        try Data("x".utf8).write(to: URL(fileURLWithPath: marker))
        attempts = current.attempt + 1
        if current.attempt < failures { throw FixtureError("attempt \(current.attempt) fails") }
        return .end
    }

    @Step func end() throws {
        try expect(attempts, failures + 1, "attempts")
        print("retry: \(attempts)")
    }
}
