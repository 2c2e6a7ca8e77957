internal import MusterModel

/// Arguments of torchrun that the agents can carry out without it.
///
/// An unknown argument is no error: the real torchrun is then started with all of them.
struct TorchrunArguments: Equatable {
    var processesPerNode: String?
    var maxRestarts: Int?
    var role: String?
    var runID: String?
    var masterPort: Int?
    var isModule = false
    var withoutPython = false
    /// The first argument that only the real torchrun understands.
    var foreign: String?
    var backend: String?
    var hasEndpoint = false

    /// Options of torchrun without a value.
    private static let flags: Set<String> = [
        "-m", "--module", "--no-python", "--standalone", "--run-path", "--virtual-local-rank",
    ]
    /// Options that describe the gang, which Muster sets itself and refuses.
    private static let ours: Set<String> = ["--node-rank", "--master-addr", "--local-addr"]

    /// Reads `arguments` as torchrun would on a gang of `size` nodes.
    init(_ arguments: [String], size: Int) throws(FrameworkError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else {
                throw FrameworkError(
                    "torchrunArguments: '\(argument)' is not an option of torchrun; the script goes into entrypoint and "
                        + "what it is given into arguments")
            }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = Self.spelled(parts[0])
            var value = parts.count > 1 ? parts[1] : nil
            if value == nil, !Self.flags.contains(name), let next = rest.first, !next.hasPrefix("-") || Int(next) != nil
            {
                value = next
                rest.removeFirst()
            }
            try self.take(name, value, size: size)
        }
        if self.isModule && self.withoutPython {
            throw FrameworkError("torchrunArguments: --module and --no-python exclude each other")
        }
    }

    /// torchrun takes `_` for `-` in the names of long options.
    private static func spelled(_ name: String) -> String {
        guard name.hasPrefix("--") else { return name }
        return String(name.map { $0 == "_" ? "-" : $0 })
    }

    private mutating func take(_ name: String, _ value: String?, size: Int) throws(FrameworkError) {
        if Self.ours.contains(name) {
            throw FrameworkError("torchrunArguments: \(name) is set by Muster from the gang's roster; leave it out")
        }
        if Self.flags.contains(name), value != nil {
            throw FrameworkError("torchrunArguments: \(name) takes no value")
        }
        switch name {
        case "--nproc-per-node":
            self.processesPerNode = try Self.text(name, value)
        case "--max-restarts":
            self.maxRestarts = try Self.integer(name, value, in: 0...1_000_000)
        case "--role":
            self.role = try Self.text(name, value)
        case "--rdzv-id":
            self.runID = try Self.text(name, value)
        case "--master-port":
            self.masterPort = try Self.integer(name, value, in: 1...65535)
        case "-m", "--module":
            self.isModule = true
        case "--no-python":
            self.withoutPython = true
        case "--nnodes":
            try Self.check(nodes: Self.text(name, value), size: size)
        case "--standalone":
            guard size == 1 else {
                throw FrameworkError("torchrunArguments: --standalone is for one node, this gang has \(size)")
            }
        case "--rdzv-backend":
            let backend = try Self.text(name, value)
            self.backend = backend
            // Both select all nodes of the gang, at the control node's address.
            if backend != "static" && backend != "c10d" { self.foreign = self.foreign ?? name }
        case "--rdzv-endpoint":
            _ = try Self.text(name, value)
            self.hasEndpoint = true
            self.foreign = self.foreign ?? name
        case "--monitor-interval":
            // The polling interval of torchrun; the agents are notified by the kernel.
            guard let seconds = Double(try Self.text(name, value)), seconds > 0 else {
                throw Self.wrong(name, value, "a number of seconds")
            }
        case "--start-method":
            // The start method for Python functions; a script is always executed.
            guard ["spawn", "fork", "forkserver"].contains(try Self.text(name, value)) else {
                throw Self.wrong(name, value, "spawn, fork or forkserver")
            }
        default:
            self.foreign = self.foreign ?? name
        }
    }

    private static func text(_ name: String, _ value: String?) throws(FrameworkError) -> String {
        guard let value, !value.isEmpty else { throw FrameworkError("torchrunArguments: \(name) needs a value") }
        return value
    }

    private static func integer(
        _ name: String, _ value: String?, in range: ClosedRange<Int>
    ) throws(FrameworkError) -> Int {
        guard let number = Int(try Self.text(name, value)), range.contains(number) else {
            throw Self.wrong(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private static func check(nodes: String, size: Int) throws(FrameworkError) {
        let bounds = nodes.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(bounds.count), bounds.allSatisfy({ $0 == size }) else {
            throw FrameworkError(
                "torchrunArguments: --nnodes \(nodes) does not fit this gang of \(size); leave it out, or ask for that many nodes"
            )
        }
    }

    private static func wrong(_ name: String, _ value: String?, _ expected: String) -> FrameworkError {
        FrameworkError("torchrunArguments: \(name) must be \(expected), not '\(value ?? "")'")
    }
}
