import Muster

/// A loop that a choice leaves.
@Flow
struct ChoiceFlow {
    @Parameter("How often the loop is run.") var rounds = 3
    @Parameter("Whether to go the short way.") var short = false

    var round = 0
    var way: [String] = []

    @Step mutating func start() -> Next {
        way.append("start")
        return short ? .finish : .turn
    }

    @Step mutating func turn() -> Next {
        round += 1
        way.append("turn")
        if round < rounds { return .turn }
        return .finish
    }

    @Step mutating func finish() -> Next {
        way.append("finish")
        return .end
    }

    @Step func end() throws {
        try expect(round, short ? 0 : rounds, "rounds")
        print("choice: \(way.joined(separator: " "))")
    }
}
