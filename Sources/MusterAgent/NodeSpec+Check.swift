import MusterModel
import MusterWire

extension NodeSpec {
    /// The reason for which this specification cannot be carried out; nil when it can.
    var problem: String? {
        if self.version != FlowManifest.currentVersion {
            return
                "it has version \(self.version), this agent knows \(FlowManifest.currentVersion); use a muster and a "
                + "muster-agent of one release"
        }
        if !(1...GangLimits.maximumNodes).contains(self.size) { return "a gang of \(self.size) nodes is not possible" }
        if !(0..<self.size).contains(self.index) { return "a gang of \(self.size) has no node \(self.index)" }
        if !(1...self.size).contains(self.minimum) { return "a gang of \(self.size) cannot start with \(self.minimum)" }
        if self.program.first?.isEmpty != false { return "it names no flow program" }
        if !(self.grace >= 0 && self.grace < 86_400) { return "\(self.grace) s are no grace period" }
        if !(self.rendezvousDeadline > 0) { return "\(self.rendezvousDeadline) s are no rendezvous deadline" }
        if let timeout = self.timeout, !(timeout > 0) { return "\(timeout) s are no timeout" }
        let folders = [
            ("scratch", self.scratch), ("temporary", self.temporary), ("store", self.store), ("package", self.package),
            ("workFolder", self.inPlace?.workFolder ?? "/"), ("flowFolder", self.inPlace?.flowFolder ?? "/"),
        ]
        for (name, path) in folders where !path.hasPrefix("/") || path.utf8.contains(0) {
            return "\(name) must be an absolute path, not '\(path)'"
        }
        if self.scratch == "/" || self.temporary == "/" { return "a folder that is removed must not be /" }
        if self.reusable && self.size > 1 { return "only the agent of a gang of one can be reusable" }
        if self.reusable && self.inPlace == nil { return "only an agent whose steps run in place can be reusable" }
        return nil
    }

    /// The reason for which this attempt cannot follow one that has left `folder`; nil when it can.
    func problem(reusing folder: NodeFolder?) -> String? {
        guard let folder, folder != NodeFolder(self) else { return nil }
        return "a reused agent keeps its folders, and this specification names others"
    }
}
