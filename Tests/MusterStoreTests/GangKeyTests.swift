import Foundation
import Testing

@testable import MusterStore

@Suite struct GangKeyTests {
    /// Computed with another implementation of RFC 5869.
    @Test("A key gives each start of a job secrets of its own, and has 32 bytes")
    func key() throws {
        let key = try #require(GangKey(Data(0..<32)))
        #expect(key.secret(of: "slurm:7.0") == "88XbV6jYepawecW6FrHfgNKk7dH1jGlmmFsPc9m5jOk=")
        #expect(
            key.clusterSecret(of: "slurm:7.0") == "83fa9fccdb5342551fae7fcecae5509b92facaaa30fdcf4b5a8cf98979824881")
        #expect(key.secret(of: "slurm:7.1") != key.secret(of: "slurm:7.0"))
        #expect(GangKey(Data(0..<31)) == nil && GangKey(Data()) == nil)
    }
}
