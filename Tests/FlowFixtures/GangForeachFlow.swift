import Muster

/// A gang in every task of a foreach.
@Flow
struct GangForeachFlow {
    var fold = 0
    var value = 0
    var values: [Int] = []

    @Step func start() -> Next { .prepare(foreach: [1, 2]) }

    @Step mutating func prepare(_ item: Int) -> Next {
        fold = item
        return .work(nodes: item + 1)
    }

    @Parallel
    @Step mutating func work() -> Next {
        value = fold * 10 + current.parallel.nodeIndex
        return .gather
    }

    @Join mutating func gather(_ inputs: [Self]) throws -> Next {
        values = inputs.map(\.value)
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        values = inputs.flatMap(\.values)
        return .end
    }

    @Step func end() throws {
        try expect(values, [10, 11, 20, 21, 22], "values in order")
        print("gangs: \(values)")
    }
}
