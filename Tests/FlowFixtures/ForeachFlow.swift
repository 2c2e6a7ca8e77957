import Muster

/// A wide foreach that does nothing, which is what the engine's own cost is measured with.
@Flow
struct ForeachFlow {
    @Parameter("How many elements.") var count = 3

    var element = -1
    var elements: [Int] = []

    @Step func start() -> Next { .work(foreach: 0..<count) }

    @Step mutating func work(_ item: Int) -> Next {
        element = item
        return .join
    }

    @Join mutating func join(_ inputs: [Self]) throws -> Next {
        elements = inputs.map(\.element)
        return .end
    }

    @Step func end() throws {
        try expect(elements, Array(0..<count), "elements in order")
        print("foreach: \(elements.count)")
    }
}
