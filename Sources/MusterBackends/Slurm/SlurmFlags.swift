/// Flags of `sbatch` that are Muster's: with another value the gang would not be the one that the flow asks for.
enum SlurmFlags {
    private static let managed: Set<String> = [
        "array", "chdir", "cluster", "clusters", "comment", "cpus-per-task", "error", "export", "export-file",
        "get-user-env", "help", "input", "job-name", "kill-on-invalid-dep", "no-kill", "no-requeue", "nodes", "ntasks",
        "ntasks-per-core", "ntasks-per-gpu", "ntasks-per-node", "ntasks-per-socket", "open-mode", "output", "parsable",
        "requeue", "test-only", "usage", "version", "wait", "wait-all-nodes", "wrap",
    ]
    private static let managedLetters: Set<Character> = Set("aDeihJkMnNcoVW")
    /// Letters that take no value, so that others can follow in the same word.
    private static let lettersWithoutValue: Set<Character> = Set("HIOQsvk")

    /// Flags with an option of their own, or that stand for resources.
    static let owned: [String: String] = [
        "partition": "partition", "p": "partition", "account": "account", "A": "account", "qos": "qos", "q": "qos",
        "constraint": "constraint", "C": "constraint", "reservation": "reservation", "nodelist": "nodelist",
        "w": "nodelist", "exclude": "exclude", "x": "exclude", "gres": "gres", "licenses": "licenses", "L": "licenses",
        "switches": "switches", "time": "time", "t": "time", "exclusive": "exclusive", "mem": "memory",
        "mem-per-cpu": "memory", "mem-per-gpu": "memory", "gpus": "gpu", "G": "gpu", "gpus-per-node": "gpu",
        "gpus-per-task": "gpu", "gpus-per-socket": "gpu",
    ]

    /// Checks one line of `extra`.
    /// - Throws: A ``BackendError`` that names the flag.
    static func check(_ line: String) throws(BackendError) {
        for flag in self.names(in: line) where self.isManaged(flag) {
            let spelled = flag.count == 1 ? "-\(flag)" : "--\(flag)"
            throw .slurm("@Slurm(extra) holds \(spelled), which Muster sets itself; leave it out")
        }
        guard line.first == "-" else {
            throw .slurm("@Slurm(extra) holds '\(line)'; it has to begin with a flag such as --mail-type=END")
        }
    }

    /// The names of the flags in a line: without dashes, one letter for the short ones.
    static func names(in line: String) -> [String] {
        line.split(whereSeparator: \.isWhitespace).flatMap { word -> [String] in
            if word.hasPrefix("--") { return [String(word.dropFirst(2).prefix { $0 != "=" })] }
            guard word.hasPrefix("-"), word.count > 1, !word.dropFirst().allSatisfy(\.isNumber) else { return [] }
            var letters: [String] = []
            for letter in word.dropFirst() {
                letters.append(String(letter))
                if !self.lettersWithoutValue.contains(letter) { break }
            }
            return letters
        }
    }

    private static func isManaged(_ flag: String) -> Bool {
        if flag.count == 1 { return self.managedLetters.contains(Character(flag)) }
        // getopt_long takes any beginning of a name that fits one name alone.
        return self.owned[flag] == nil && self.managed.contains { $0.hasPrefix(flag) }
    }
}
