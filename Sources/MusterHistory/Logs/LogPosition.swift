/// A position in the logs of a task's nodes: for each node, the offset in its log at which a record begins or the log ends.
///
/// As text `0:4096,1:0`.
package struct LogPosition: Sendable, Hashable {
    /// By node.
    package var offsets: [Int: Int]

    package init(offsets: [Int: Int] = [:]) { self.offsets = offsets }
}

extension LogPosition: LosslessStringConvertible {
    package init?(_ text: String) {
        var offsets: [Int: Int] = [:]
        for part in text.split(separator: ",") {
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 2, let node = Int(numbers[0]), let offset = Int(numbers[1]), node >= 0, offset >= 0,
                offsets.updateValue(offset, forKey: node) == nil
            else { return nil }
        }
        self.init(offsets: offsets)
    }

    package var description: String {
        self.offsets.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }
}
