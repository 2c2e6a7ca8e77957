public import MusterModel

/// The step runs as a job of a Slurm cluster: one job for its gang, one agent on each node.
///
/// `@Resources` become the cpus, the memory and the GPUs of each node. Where no Slurm is set up the step runs where the
/// run does, and these options do not count. The page `Documentation/Slurm.md` explains each option.
@attached(peer)
public macro Slurm(
    partition: String? = nil, account: String? = nil, qos: String? = nil, time: String? = nil,
    constraint: String? = nil, gres: String? = nil, gpus: String? = nil, reservation: String? = nil,
    nodelist: String? = nil, exclude: String? = nil, licenses: String? = nil, switches: String? = nil,
    exclusive: Bool? = nil, setup: [String] = [], login: Bool? = nil, extra: [String] = [], image: String? = nil,
    mounts: [String] = [], network: String? = nil, queueDeadline: Double? = nil
) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute `@Slurm`.
public struct Slurm: Decorator {
    public static var name: String { "slurm" }
    /// Those that are given, by name.
    public var options: [String: JSONValue]

    /// - Parameters:
    ///   - time: In Slurm's forms: `90` (minutes), `2:00:00`, `1-12:00:00`.
    ///   - gpus: The GPUs' type, such as `a100`; `@Resources` says how many.
    ///   - setup: Lines of shell that every node runs before the step.
    ///   - login: false runs ``setup`` in a plain shell; it runs in a login shell otherwise.
    ///   - extra: Flags for `sbatch`, as they stand.
    ///   - image: The container that the nodes' programs run in.
    ///   - network: The interface, or the network, that the nodes use between them.
    ///   - queueDeadline: Minutes that the job may wait.
    public init(
        partition: String? = nil, account: String? = nil, qos: String? = nil, time: String? = nil,
        constraint: String? = nil, gres: String? = nil, gpus: String? = nil, reservation: String? = nil,
        nodelist: String? = nil, exclude: String? = nil, licenses: String? = nil, switches: String? = nil,
        exclusive: Bool? = nil, setup: [String] = [], login: Bool? = nil, extra: [String] = [], image: String? = nil,
        mounts: [String] = [], network: String? = nil, queueDeadline: Double? = nil
    ) {
        let texts = [
            "partition": partition, "account": account, "qos": qos, "time": time, "constraint": constraint,
            "gres": gres, "gpus": gpus, "reservation": reservation, "nodelist": nodelist, "exclude": exclude,
            "licenses": licenses, "switches": switches, "image": image, "network": network,
        ]
        var options = texts.compactMapValues { $0.map(JSONValue.string) }
        options["exclusive"] = exclusive.map(JSONValue.bool)
        options["login"] = login.map(JSONValue.bool)
        options["queueDeadline"] = queueDeadline.map(JSONValue.double)
        for (name, lines) in [("setup", setup), ("extra", extra), ("mounts", mounts)] where !lines.isEmpty {
            options[name] = .array(lines.map(JSONValue.string))
        }
        self.options = options
    }

    public func apply(to settings: inout StepSettings) {
        settings.place = PlaceSettings(name: Self.name, options: self.options)
    }
}
