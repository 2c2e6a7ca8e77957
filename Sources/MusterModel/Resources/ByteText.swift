/// Sizes as people read them, in the powers of 1024 in which ``ByteAmount`` and `ByteCount` take them.
package enum ByteText {
    private static let units = ["KiB", "MiB", "GiB"]

    /// `1.5 GiB`: in the largest unit up to GiB that makes it 1 or more, rounded to a tenth.
    package static func of(_ bytes: Int) -> String {
        guard bytes >= 1024 else { return "\(bytes) B" }
        let exponent = min((bytes.bitWidth - bytes.leadingZeroBitCount - 1) / 10, Self.units.count)
        let unit = 1 << (10 * exponent)
        // Whole units and the rest apart: ten times the largest number would overflow.
        let tenths = bytes / unit * 10 + (bytes % unit * 10 + unit / 2) / unit
        let text = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        return "\(text) \(Self.units[exponent - 1])"
    }
}
