/// What one node asks for when its step body starts a framework: already checked, with defaults filled in.
package struct LaunchRequest: Codable, Sendable, Equatable {
    package var framework: String
    /// Must be alike on all nodes, but for the `arguments` of the workers. ``processes`` may differ.
    package var options: [String: JSONValue]
    /// Processes that this node starts.
    package var processes: Int
    /// How often a failed round is started again on all nodes.
    package var restarts: Int

    package init(framework: String, options: [String: JSONValue], processes: Int, restarts: Int) {
        self.framework = framework
        self.options = options
        self.processes = processes
        self.restarts = restarts
    }
}

/// One start of a launch's processes on all nodes: a launch has one round more than it was restarted.
package struct LaunchRound: Codable, Sendable, Hashable {
    /// 1 for the first launch of the step.
    package var launch: Int
    /// Restarts before this round.
    package var restart: Int

    package init(launch: Int, restart: Int) {
        self.launch = launch
        self.restart = restart
    }
}
