import Testing

@testable import MusterFrameworks

@Suite struct MPIOutputTests {
    @Test(
        "Output passes through the launcher where its arguments do something with it, and only there",
        arguments: [
            (["-n", "4"], false), (["--tag-output"], true), (["-tag-output"], true), (["--output", "tag"], true),
            (["--output-filename", "out"], true), (["-l"], true), (["-prepend-rank"], true),
            (["-outfile-pattern", "%r"], true), (["--xterm", "0"], true), (["-x", "output"], false),
            (["--mca", "orte_tag_output", "1"], true), (["--mca", "btl", "tcp"], false),
            (["--map-by", "node:PE=2"], false), (["-launcher-exec", "rsh"], false),
        ])
    func arguments(arguments: [String], isLaunchers: Bool) {
        #expect(MPIOutput.isLaunchers(arguments, [:]) == isLaunchers)
    }

    @Test("A variable by which Open MPI labels output counts as well")
    func variables() {
        #expect(MPIOutput.isLaunchers(["-n", "2"], ["OMPI_MCA_orte_tag_output": "1"]))
        #expect(!MPIOutput.isLaunchers(["-n", "2"], ["OMPI_MCA_btl": "tcp"]))
    }
}
