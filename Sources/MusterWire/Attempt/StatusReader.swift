import FoundationEssentials
package import MusterSystem

/// Reads an attempt's statuses where it stopped the last time, at whole lines.
package struct StatusReader: Sendable, Hashable {
    private var offset = 0

    package init() {}

    /// The statuses that have come since the last call. A line that cannot be understood is skipped.
    package mutating func next(in folder: AttemptFolder) throws(SystemError) -> [AgentStatus] {
        guard let size = folder.size(.statuses), size > self.offset,
            let data = try folder.read(.statuses, from: self.offset),
            let end = data.lastIndex(of: UInt8(ascii: "\n"))
        else { return [] }
        let whole = data[...end]
        self.offset += whole.count
        return whole.split(separator: UInt8(ascii: "\n")).compactMap {
            try? LineCoding.decode(AgentStatus.self, from: Data($0))
        }
    }
}
