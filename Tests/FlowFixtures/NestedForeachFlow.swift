import Muster

/// A foreach inside a foreach, with structures for elements.
@Flow
struct NestedForeachFlow {
    struct Fold: Codable, Equatable { var name: String, sizes: [Int] }

    var fold: Fold?
    var size = 0
    var place: [Int] = []
    var sizes: [Int] = []
    var names: [String] = []

    @Step func start() -> Next {
        .outer(foreach: [Fold(name: "a", sizes: [1, 2]), Fold(name: "b", sizes: [3, 4, 5])])
    }

    @Step mutating func outer(_ item: Fold) -> Next {
        fold = item
        return .inner(foreach: item.sizes)
    }

    @Step mutating func inner(_ item: Int) throws -> Next {
        size = item
        place = current.foreachStack.map(\.index)
        try expect(fold?.sizes[place[1]], item, "element at \(place)")
        try expect(current.foreachStack.map(\.step), ["start", "outer"], "foreach stack")
        return .innerJoin
    }

    @Join mutating func innerJoin(_ inputs: [Self]) throws -> Next {
        sizes = inputs.map(\.size)
        try merge(inputs, include: ["fold"])
        return .outerJoin
    }

    @Join mutating func outerJoin(_ inputs: [Self]) throws -> Next {
        sizes = inputs.flatMap(\.sizes)
        names = inputs.compactMap(\.fold?.name)
        return .end
    }

    @Step func end() throws {
        try expect(sizes, [1, 2, 3, 4, 5], "sizes in order")
        try expect(names, ["a", "b"], "names in order")
        print("nested: \(names) \(sizes)")
    }
}
