import Muster

/// Two branches, a join by name, and a merge of what they agree on.
@Flow
struct BranchFlow {
    @Parameter("Whether the branches disagree about an artifact that the join merges.") var clash = false

    var shared = "shared"
    var same = 0
    var side = ""
    var sum = 0

    @Step mutating func start() -> Next {
        shared = "from start"
        return .all(.left, .right)
    }

    @Step mutating func left() -> Next {
        side = "left"
        same = 7
        sum = 1
        return .join
    }

    @Step mutating func right() -> Next {
        side = "right"
        same = clash ? 8 : 7
        sum = 10
        return .rightAgain
    }

    @Step mutating func rightAgain() -> Next {
        sum += 10
        return .join
    }

    @Join mutating func join(left: Self, rightAgain: Self) throws -> Next {
        sum = left.sum + rightAgain.sum
        side = "\(left.side) and \(rightAgain.side)"
        try merge([left, rightAgain])
        return .end
    }

    @Step func end() throws {
        try expect(sum, 21, "sum")
        try expect(same, 7, "same")
        try expect(shared, "from start", "shared")
        print("branch: \(side) \(sum)")
    }
}
