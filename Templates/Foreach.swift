import Muster

/// Fits a line to each of several samples at once, and keeps the best.
@main @Flow
struct ForeachFlow {
    @Parameter("Samples to fit.") var samples = 5

    var slope = 0.0
    var errors: [Double] = []

    /// The samples: points near y = 2x + 1, with more noise in each.
    @Step func start() -> Next { .fit(foreach: (1...samples).map { 0.1 * Double($0) }) }

    /// Fits one sample by least squares.
    @Step mutating func fit(_ noise: Double) -> Next {
        let points = (0..<20).map { x in (x: Double(x), y: 2 * Double(x) + 1 + Double.random(in: -noise...noise)) }
        let count = Double(points.count)
        let meanX = points.reduce(0) { $0 + $1.x } / count
        let meanY = points.reduce(0) { $0 + $1.y } / count
        let products = points.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
        let squares = points.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        slope = products / squares
        return .choose
    }

    /// Keeps the slope that is nearest to the true one.
    @Join mutating func choose(_ inputs: [Self]) -> Next {
        errors = inputs.map { abs($0.slope - 2) }
        slope = inputs.map(\.slope).min { abs($0 - 2) < abs($1 - 2) } ?? 0
        return .end
    }

    @Step func end() { print("\(errors.count) samples in \(current.flowName), the best slope is \(slope)") }
}
