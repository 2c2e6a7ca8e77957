import MusterModel
import MusterWire

extension NodeSpec {
    /// The agent's times: those that were sent, or the defaults.
    var times: NodeSettings { self.settings ?? NodeSettings() }
}

extension Double {
    /// Seconds without a needless fraction.
    var formattedSeconds: String { self == self.rounded() && self < 1e15 ? "\(Int(self))" : "\(self)" }
}
