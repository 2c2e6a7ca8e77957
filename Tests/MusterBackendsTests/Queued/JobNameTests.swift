import MusterModel
import Testing

@testable import MusterBackends

@Suite struct JobNameTests {
    static let attempt = AttemptID(flow: "Train", run: "17", step: "train", task: 12, attempt: 0)

    @Test("An attempt's job has one name, in letters, digits and dashes, that tells step, task and attempt")
    func name() {
        let name = JobName.of(Self.attempt, store: "/shared/.muster")
        #expect(name == JobName.of(Self.attempt, store: "/shared/.muster"))
        #expect(name.hasPrefix(JobName.prefix(flow: "Train", run: "17", store: "/shared/.muster")))
        #expect(name.hasSuffix("-train-12-0"))
        var long = Self.attempt
        (long.step, long.task, long.attempt) = ("Bewertung_äöü_der_langen_Modelle", 1_000_000, 999)
        let bounded = JobName.of(long, store: "/s")
        #expect(bounded.utf8.count <= 52)
        #expect(bounded.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".utf8.contains($0) })
    }

    @Test("Names of two runs, flows or stores differ, also where their texts run together")
    func different() {
        let names = [("a", "bc", "s"), ("ab", "c", "s"), ("a", "bc", "t"), ("bc", "a", "s"), ("a", "b", "cs")]
            .map { JobName.prefix(flow: $0.0, run: $0.1, store: $0.2) }
        #expect(Set(names).count == names.count)
        let many = (0..<20_000).map { JobName.prefix(flow: "f", run: "\($0)", store: "s") }
        #expect(Set(many).count == many.count)
    }
}
