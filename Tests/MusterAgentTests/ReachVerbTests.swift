import Testing

@testable import MusterAgent

@Suite struct ReachVerbTests {
    @Test(
        "The ways in which launchers call ssh are understood",
        arguments: [
            // Open MPI 4, Open MPI 5 and MPICH, as they do it.
            (
                ["muster-node-1", " orted", "-mca", "ess", "\"env\""], "muster-node-1", " orted -mca ess \"env\""
            ),
            (
                ["muster-node-1", "PRTE_PREFIX=/x;export PRTE_PREFIX;/x/bin/prted", "--allow-run-as-root"],
                "muster-node-1",
                "PRTE_PREFIX=/x;export PRTE_PREFIX;/x/bin/prted --allow-run-as-root"
            ),
            (
                ["-x", "muster-node-2", "\"/x/bin/hydra_pmi_proxy\"", "--control-port", "h:1"], "muster-node-2",
                "\"/x/bin/hydra_pmi_proxy\" --control-port h:1"
            ),
            // What people put into a launcher's configuration.
            (["-p", "22", "-oBatchMode=yes", "-o", "A=b", "host", "true"], "host", "true"),
            (["-p22", "-xqp", "2222", "host", "true"], "host", "true"), (["-xp22", "host", "true"], "host", "true"),
            (["-4", "-T", "user@host", "echo", "a  b"], "host", "echo a  b"), (["--", "host", "true"], "host", "true"),
            (["host", "-n", "ls", "-l"], "host", "-n ls -l"), (["-l", "me", "host", "true"], "host", "true"),
        ])
    func understood(arguments: [String], host: String, command: String) throws {
        let parsed = try #require(ReachVerb.parse(arguments))
        #expect(parsed.host == host)
        #expect(parsed.command == command)
    }

    @Test(
        "A call without a host or without a command is none",
        arguments: [[], ["host"], ["-x"], ["-p", "22"], ["-p", "22", "host"], ["--"], ["-o"]])
    func incomplete(arguments: [String]) {
        #expect(ReachVerb.parse(arguments) == nil)
    }
}
