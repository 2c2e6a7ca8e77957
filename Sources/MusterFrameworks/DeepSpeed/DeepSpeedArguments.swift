/// Arguments of DeepSpeed's runner that the agents can carry out without it.
///
/// An unknown argument is no error: the real runner is then started with all of them.
struct DeepSpeedArguments: Equatable {
    var processesPerNode: Int?
    var masterPort: Int?
    var isModule = false
    var withoutPython = false
    var withoutLocalRank = false
    /// The first argument that only the real runner understands.
    var foreign: String?

    private static let flags: Set<String> = [
        "--module", "--no_python", "--no_local_rank", "--force_multi", "--no_ssh", "--no_ssh_check",
        "--bind_cores_to_rank",
        "--elastic_training", "--save_pid", "-q", "--quiet",
    ]
    /// Options that describe the gang, which Muster sets itself and refuses.
    private static let ours: Set<String> = [
        "-H", "--hostfile", "--master_addr", "--node_rank", "--launcher", "--launcher_args", "--ssh_port", "--no_ssh",
        "--no_ssh_check",
    ]

    /// Reads `arguments` as the runner would on a gang of `size` nodes.
    init(_ arguments: [String], size: Int) throws(FrameworkError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else {
                throw FrameworkError(
                    "deepspeedArguments: '\(argument)' is not an option of deepspeed; the script goes into entrypoint and "
                        + "what it is given into arguments")
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            var value = parts.count > 1 ? parts[1] : nil
            if value == nil, !Self.flags.contains(name), let next = rest.first, !next.hasPrefix("-") {
                value = next
                rest.removeFirst()
            }
            try self.take(name, value, size: size)
        }
        if self.isModule && self.withoutPython {
            throw FrameworkError("deepspeedArguments: --module and --no_python exclude each other")
        }
    }

    private mutating func take(_ name: String, _ value: String?, size: Int) throws(FrameworkError) {
        if Self.ours.contains(name) {
            throw FrameworkError("deepspeedArguments: \(name) is set by Muster from the gang's roster; leave it out")
        }
        if Self.flags.contains(name), value != nil {
            throw FrameworkError("deepspeedArguments: \(name) takes no value")
        }
        switch name {
        case "--num_gpus", "--num_accelerators":
            self.processesPerNode = try Self.integer(name, value, in: 1...1024)
        case "--num_nodes":
            let count = try Self.integer(name, value, in: 1...1_000_000)
            guard count == size else {
                throw FrameworkError(
                    "deepspeedArguments: --num_nodes \(count) does not fit this gang of \(size); leave it out, or enter the "
                        + "step with that many nodes")
            }
        case "--master_port": self.masterPort = try Self.integer(name, value, in: 1...65535)
        case "--module": self.isModule = true
        case "--no_python": self.withoutPython = true
        case "--no_local_rank": self.withoutLocalRank = true
        // It selects the multi-node path, which is the only one here.
        case "--force_multi": break
        default: self.foreign = self.foreign ?? name
        }
    }

    private static func integer(
        _ name: String, _ value: String?, in range: ClosedRange<Int>
    ) throws(FrameworkError) -> Int {
        guard let value, let number = Int(value), range.contains(number) else {
            throw FrameworkError(
                "deepspeedArguments: \(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not "
                    + "'\(value ?? "")'")
        }
        return number
    }
}
