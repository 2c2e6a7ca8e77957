/// Where the output of MPI's ranks goes, and what of the launcher's is nothing for the user.
package enum MPIOutput {
    /// The first argument of the agent's verb `rank` where output is to pass through the launcher.
    package static let throughLauncher = "--through-launcher"
    /// Parts of the options by which the launchers label, file or show their ranks' output: `--tag-output`,
    /// `--timestamp-output`, `--output-filename` and `--xterm` of Open MPI 4, `--output` of Open MPI 5, `-prepend-rank` and
    /// `-outfile-pattern` of MPICH.
    private static let parts = ["output", "outfile", "errfile", "prepend", "xterm", "xml"]
    private static let variables = [
        "OMPI_MCA_orte_tag_output", "OMPI_MCA_orte_timestamp_output", "OMPI_MCA_orte_output_filename",
        "OMPI_MCA_orte_xml_output", "PRTE_MCA_prte_output", "HYDRA_PREPEND_RANK",
    ]

    /// Whether the user has the launcher do something with the output: then it has to pass through the launcher. Otherwise it
    /// stands under the node where it was written.
    static func isLaunchers(_ arguments: [String], _ environment: [String: String]) -> Bool {
        let settings = zip(arguments, arguments.dropFirst()).filter { $0.0.hasSuffix("mca") }.map { "--" + $0.1 }
        let options = arguments.filter { $0.hasPrefix("-") } + settings
        return options.contains { option in option == "-l" || self.parts.contains { option.contains($0) } }
            || self.variables.contains { environment[$0] != nil }
    }

    /// Open MPI 5 may set a daemon's process group after the daemon has done it itself, and then says so.
    static let talk = ["plm:ssh: Warning: setpgid("]
}
