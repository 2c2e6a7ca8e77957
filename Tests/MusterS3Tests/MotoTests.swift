import MusterObjects
import MusterTestSupport
import Testing

@testable import MusterS3

@Suite(.beside(.moto)) struct MotoTests {
    /// moto looks for an object and stores it in two steps, each request on a thread of its own: no race is tried on it.
    @Test("A bucket of moto keeps the rules", arguments: ObjectStoreConformance.rules.filter { !$0.isRace })
    func conforms(rule: ObjectStoreConformance.Rule) async throws {
        try await rule.check(try await S3ObjectStore.make(on: try #require(S3Server.current)))
    }
}
