extension Double {
    /// Seconds without a needless fraction.
    package var formattedSeconds: String { self == self.rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
