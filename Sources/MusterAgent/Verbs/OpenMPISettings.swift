import MusterSystem

/// The parameters of Open MPI that a rank's user or site has set: by variables, by `--mca` of the launcher, which passes
/// them on as variables, and by parameter files.
///
/// Source: "Setting MCA parameter values" in Open MPI's documentation.
struct OpenMPISettings {
    private let environment: [String: String]

    /// - Parameter environment: The rank's.
    init(_ environment: [String: String]) { self.environment = environment }

    /// The environment in which MPI's messages take the loopback interface; the rank's own if interfaces are chosen in
    /// it or in a file: Open MPI refuses to start where interfaces are both included and excluded.
    var onLoopback: [String: String] {
        guard !self.isSet(prefix: "btl_tcp_if_") else { return self.environment }
        return self.environment.merging(["OMPI_MCA_btl_tcp_if_include": "lo"]) { own, _ in own }
    }

    private func isSet(prefix: String) -> Bool {
        self.environment.keys.contains { $0.hasPrefix("OMPI_MCA_\(prefix)") }
            || self.files.contains { Self.sets(prefix, FileContents.read($0) ?? []) }
    }

    private static func sets(_ prefix: String, _ file: [UInt8]) -> Bool {
        String(decoding: file, as: UTF8.self).split(whereSeparator: \.isNewline).contains { line in
            line.drop { $0 == " " || $0 == "\t" }.hasPrefix(prefix)
        }
    }

    /// The user's file, and those of the installations that can be found: relocated by a variable, beside the compiled
    /// programs on the PATH, and Debian's.
    private var files: [String] {
        let prefixes =
            [self.environment["OPAL_PREFIX"]].compactMap { $0 }
            + (self.environment["PATH"] ?? "").split(separator: ":").filter { $0.hasSuffix("/bin") }
            .map { String($0.dropLast(4)) }
        let folders = prefixes.map { "\($0)/etc" } + ["/etc/openmpi"]
        return folders.map { "\($0)/openmpi-mca-params.conf" }
            + [self.environment["HOME"]].compactMap { $0.map { "\($0)/.openmpi/mca-params.conf" } }
    }
}
