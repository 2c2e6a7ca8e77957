/// The address of a run, a step, a task, a node of a gang, or an artifact: `Flow/run[/step[/task[/artifact]]]`.
///
/// A node of a gang is named by its task: `Flow/run/train/3` is the control node, `Flow/run/train/3-node-2` is node 2.
public struct Pathspec: Sendable, Hashable, CustomStringConvertible {
    public var flow: String
    public var run: String
    public var step: String?
    public var task: String?
    public var artifact: String?

    public init(flow: String, run: String, step: String? = nil, task: String? = nil, artifact: String? = nil) {
        self.flow = flow
        self.run = run
        self.step = step
        self.task = task
        self.artifact = artifact
    }

    /// Reads a pathspec; nil when it has fewer than two or more than five parts, or an empty one.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...5).contains(parts.count), parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else {
            return nil
        }
        self.init(
            flow: parts[0], run: parts[1], step: parts.count > 2 ? parts[2] : nil,
            task: parts.count > 3 ? parts[3] : nil, artifact: parts.count > 4 ? parts[4] : nil)
    }

    public var description: String {
        [self.flow, self.run, self.step, self.task, self.artifact].compactMap { $0 }.joined(separator: "/")
    }
}

/// The name of a task within its run: its number, and the node when it is a gang's worker.
public struct TaskName: Sendable, Hashable, CustomStringConvertible {
    /// 1, 2, 3 … in the order in which the run created its tasks.
    public var number: Int
    public var node: Int

    public init(number: Int, node: Int = 0) {
        self.number = number
        self.node = node
    }

    /// Reads `3` or `3-node-2`.
    public init?(_ text: String) {
        let head = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(head), number > 0 else { return nil }
        self.number = number
        let tail = text.dropFirst(head.count)
        if tail.isEmpty {
            self.node = 0
        } else {
            guard tail.hasPrefix("-node-"), let node = Int(tail.dropFirst(6)), node >= 0 else { return nil }
            self.node = node
        }
    }

    public var description: String { self.node == 0 ? "\(self.number)" : "\(self.number)-node-\(self.node)" }
}

/// One attempt of one task: what a gang is made for, and what everything it owns is scoped to.
public struct AttemptID: Codable, Sendable, Hashable, CustomStringConvertible {
    public var flow: String
    public var run: String
    public var step: String
    /// The task's number.
    public var task: Int
    /// 0 for the first.
    public var attempt: Int

    public init(flow: String, run: String, step: String, task: Int, attempt: Int) {
        self.flow = flow
        self.run = run
        self.step = step
        self.task = task
        self.attempt = attempt
    }

    public var pathspec: Pathspec { Pathspec(flow: self.flow, run: self.run, step: self.step, task: "\(self.task)") }
    public var description: String { "\(self.pathspec) attempt \(self.attempt)" }
    /// `run/step/task/attempt`, unique within a store.
    public var folder: String { "\(self.flow)/\(self.run)/\(self.step)/\(self.task)/\(self.attempt)" }
}
