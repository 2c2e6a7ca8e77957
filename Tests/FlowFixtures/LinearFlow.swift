import FoundationEssentials
import Muster

/// One step after the other, a parameter and an artifact of every type.
@Flow
struct LinearFlow {
    enum Mode: String, CaseIterable, Codable { case fast, slow }
    struct Shape: Codable, Equatable { var layers: [Int], name: String? }

    @Parameter("A whole number.") var count = 3
    @Parameter("A number.") var learningRate = 0.5
    @Parameter("A switch.") var verbose = false
    @Parameter("A text.") var title = "linear"
    @Parameter("A place.") var source: URL?
    @Parameter("A choice.") var mode = Mode.fast
    @Parameter("A structure.") var shape = Shape(layers: [4, 2], name: nil)

    var untouched = "untouched"
    var numbers: [Int] = []
    var doubles: [Double] = []
    var floats: [Float] = []
    var bytes: [UInt8] = []
    var data = Data()
    var shapes: [String: Shape] = [:]
    var optional: Int?

    @Step mutating func start() -> Next {
        numbers = Array(0..<count)
        doubles = numbers.map { Double($0) * learningRate }
        floats = doubles.map(Float.init)
        bytes = Array("\(title)".utf8)
        data = Data(bytes)
        shapes = ["a": shape]
        return .middle
    }

    @Step mutating func middle() throws -> Next {
        try expect(numbers, Array(0..<count), "numbers")
        try expect(floats, doubles.map(Float.init), "floats")
        try expect(data, Data(title.utf8), "data")
        try expect(shapes["a"], shape, "shape")
        numbers.append(100)
        optional = numbers.count
        return .end
    }

    @Step func end() throws {
        try expect(optional, count + 1, "optional")
        try expect(numbers.last, 100, "last number")
        try expect(untouched, "untouched", "untouched")
        print("linear: \(count) \(learningRate) \(verbose) \(title) \(mode.rawValue) \(shape.layers)")
    }
}
