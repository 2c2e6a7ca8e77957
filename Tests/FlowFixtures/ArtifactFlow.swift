import FoundationEssentials
import Muster

/// A large artifact, written by one step, left alone by the next and read by the last.
@Flow
struct ArtifactFlow {
    enum Kind: String, CaseIterable, Codable { case doubles, data }

    @Parameter("Mebibytes.") var size = 256
    @Parameter("What it is made of.") var kind = Kind.doubles

    var doubles: [Double] = []
    var data = Data()
    var small = 0

    @Step mutating func start() -> Next {
        switch kind {
        case .doubles: doubles = [Double](repeating: 1.5, count: size << 17)
        case .data: data = Data(repeating: 7, count: size << 20)
        }
        return .middle
    }

    @Step mutating func middle() -> Next {
        small = 1
        return .end
    }

    @Step func end() throws {
        switch kind {
        case .doubles:
            try expect(doubles.count, size << 17, "numbers")
            try expect(doubles.last, size > 0 ? 1.5 : nil, "last number")
        case .data:
            try expect(data.count, size << 20, "bytes")
            try expect(data.last, size > 0 ? 7 : nil, "last byte")
        }
        print("artifact: \(size) MiB of \(kind.rawValue)")
    }
}
