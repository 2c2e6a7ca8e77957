import ArgumentParser

/// A time as `--older-than` takes it: `30d`, `12h`, `90m`, `10s`.
struct AgeOption: ExpressibleByArgument, Sendable, Equatable {
    let seconds: Double

    private static let units: [Character: Double] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]

    init?(argument: String) {
        guard let unit = argument.last.flatMap({ Self.units[$0] }),
            argument.dropLast().allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let number = Double(argument.dropLast()), number * unit < 1e11
        else { return nil }
        self.seconds = number * unit
    }

    var defaultValueDescription: String { "\(Int(self.seconds / 3600))h" }
}
