/// The way of the ranks' output, and launcher messages that are hidden from the user.
package enum MPIOutput {
    /// The first argument of the agent's verb `rank` where output is to pass through the launcher.
    package static let throughLauncher = "--through-launcher"
    /// Parts of the options by which the launchers label, file or show their ranks' output: `--tag-output`,
    /// `--timestamp-output`, `--output-filename` and `--xterm` of Open MPI 4, `--output` of Open MPI 5, `-prepend-rank`
    /// and `-outfile-pattern` of MPICH.
    private static let parts = ["output", "outfile", "errfile", "prepend", "xterm", "xml"]
    private static let variables = [
        "OMPI_MCA_orte_tag_output", "OMPI_MCA_orte_timestamp_output", "OMPI_MCA_orte_output_filename",
        "OMPI_MCA_orte_xml_output", "PRTE_MCA_prte_output", "HYDRA_PREPEND_RANK",
    ]

    /// True if an option has the launcher process the output, which must then pass through it. Otherwise the output
    /// goes to the log of the node that wrote it.
    static func isLaunchers(_ arguments: [String], _ environment: [String: String]) -> Bool {
        let settings = zip(arguments, arguments.dropFirst()).filter { $0.0.hasSuffix("mca") }.map { "--" + $0.1 }
        let options = arguments.filter { $0.hasPrefix("-") } + settings
        return options.contains { option in option == "-l" || self.parts.contains { option.contains($0) } }
            || self.variables.contains { environment[$0] != nil }
    }

    /// Open MPI 5 complains if the daemon has already set its process group itself: a race without consequence.
    static let talk = ["plm:ssh: Warning: setpgid("]
}
