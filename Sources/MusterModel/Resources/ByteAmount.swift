/// Amounts of memory as people write them.
package enum ByteAmount {
    /// The largest accepted amount of memory, in bytes: larger ones would overflow sums.
    package static let most = 1 << 60

    /// Bytes of `64G`, `64 GiB`, `65536M`, `1.5t`, `64GB` or `68719476736`; nil for anything else.
    ///
    /// K, M, G, T and P are powers of 1024, with or without `i` or `iB`; with `B` alone they are powers of 1000.
    package static func bytes(_ text: String) -> Int? {
        let text = text.lowercased().filter { $0 != " " }
        let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let number = Double(digits), let factor = self.factor(String(text.dropFirst(digits.count))) else {
            return nil
        }
        let bytes = (number * factor).rounded()
        return bytes <= Double(self.most) ? Int(exactly: bytes) : nil
    }

    private static func factor(_ unit: String) -> Double? {
        if unit.isEmpty || unit == "b" { return 1 }
        guard let first = unit.first, let power = Array("kmgtp").firstIndex(of: first) else { return nil }
        switch unit.dropFirst() {
        case "", "i", "ib": return self.power(1024, power + 1)
        case "b": return self.power(1000, power + 1)
        default: return nil
        }
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}
