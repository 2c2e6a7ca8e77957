import MusterModel
import MusterWire

extension NodeSpec {
    /// The agent's times: those that were sent, or the defaults.
    var times: NodeSettings { self.settings ?? NodeSettings() }
}
