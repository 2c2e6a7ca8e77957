import FoundationEssentials
import Muster

/// A large artifact, written by one step, left alone by the next and read by the last.
@Flow
struct ArtifactFlow {
    enum Kind: String, CaseIterable, Codable { case doubles, data, weights }

    @Parameter("Mebibytes.") var size = 256
    @Parameter("What it is made of.") var kind = Kind.doubles

    var doubles: [Double] = []
    var data = Data()
    var weights: [Float] = []
    /// What is known of the weights.
    var bits: UInt32 = 0
    var small = 0

    @Step mutating func start() -> Next {
        switch kind {
        case .doubles: doubles = [Double](repeating: 1.5, count: size << 17)
        case .data: data = Data(repeating: 7, count: size << 20)
        case .weights:
            weights = randomNumbers(size << 18)
            bits = combinedBits(weights)
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
        case .weights:
            try expect(weights.count, size << 18, "weights")
            try expect(combinedBits(weights), bits, "the bits of all weights")
        }
        print("artifact: \(size) MiB of \(kind.rawValue)")
    }
}

/// Numbers in 0..<1 that no compression makes much shorter, as a model's are (splitmix64).
private func randomNumbers(_ count: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        var state: UInt64 = 1
        for index in 0..<count {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
            buffer[index] = Float(word >> 40) / Float(1 << 24)
        }
        initialized = count
    }
}

private func combinedBits(_ numbers: [Float]) -> UInt32 {
    numbers.withUnsafeBytes { $0.bindMemory(to: UInt32.self).reduce(0, ^) }
}
