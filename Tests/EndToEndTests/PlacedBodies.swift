import Foundation
import Testing

/// The bodies of `placed.py`, each of which leaves a file in a folder when it has begun.
enum PlacedBodies {
    /// The nodes whose bodies have begun, once for each body.
    static func begun(_ marks: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: marks)) ?? []
        return names.filter { $0 != "go" }.compactMap { $0.split(separator: ".").first.map(String.init) }.sorted()
    }

    static func untilBegun(_ marks: String) async throws {
        for _ in 0..<1200 where self.begun(marks).count < 3 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(self.begun(marks) == ["0", "1", "2"])
    }
}

extension Sandbox {
    /// Nothing is in the store that only a living attempt at a place with a queue needs.
    func expectNoTransientObjects() {
        let transient = ["key", "order", "claim", "control", "alive", "stop", "status-000000", "reuse"]
        let names = FileManager.default.enumerator(atPath: "\(self.store)/runs")?.allObjects as? [String] ?? []
        #expect(names.filter { name in transient.contains { name.hasSuffix(".\($0)") } } == [])
        #expect(names.filter { $0.hasSuffix(".scratch") } == [])
    }
}
