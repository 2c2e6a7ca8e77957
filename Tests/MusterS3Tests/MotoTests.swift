import MusterObjects
import MusterTestSupport
import Testing

@testable import MusterS3

@Suite(.beside(.moto)) struct MotoTests {
    @Test("A bucket of moto keeps the rules", arguments: ObjectStoreConformance.rules)
    func conforms(rule: ObjectStoreConformance.Rule) async throws {
        try await rule.check(try await S3ObjectStore.make(on: try #require(S3Server.current)))
    }
}
