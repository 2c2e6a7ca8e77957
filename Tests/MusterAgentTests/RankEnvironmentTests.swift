import MusterModel
import Testing

@testable import MusterAgent

@Suite struct RankEnvironmentTests {
    /// Of the daemon that starts ranks on node 1.
    static let daemon = [
        "MUSTER_SOCKET": "/node-1/agent.sock", "MUSTER_NODE_INDEX": "1", "MF_PARALLEL_NODE_INDEX": "1",
        "TMPDIR": "/node-1/tmp", "CUDA_VISIBLE_DEVICES": "2,3", "PMI_RANK": "none", "HOME": "/daemon",
    ]
    /// What MPICH hands on from node 0.
    static let forwarded = [
        "MUSTER_SOCKET": "/node-0/agent.sock", "MUSTER_NODE_INDEX": "0", "MF_PARALLEL_NODE_INDEX": "0",
        "TMPDIR": "/node-0/tmp", "CUDA_VISIBLE_DEVICES": "0,1", "PMI_RANK": "3", "HOME": "/user", "OWN": "kept",
    ]

    @Test("What belongs to a node is that of the rank's own node, everything else is as it came")
    func restored() {
        let environment = RankEnvironment.restored(Self.forwarded, daemon: Self.daemon)
        for name in ["MUSTER_SOCKET", "MUSTER_NODE_INDEX", "MF_PARALLEL_NODE_INDEX", "TMPDIR", "CUDA_VISIBLE_DEVICES"] {
            #expect(environment[name] == Self.daemon[name])
        }
        for name in ["PMI_RANK", "HOME", "OWN"] { #expect(environment[name] == Self.forwarded[name]) }
    }

    @Test("Shared memory goes into the node's temporary folder, unless the user has another place for it")
    func sharedMemory() {
        let environment = RankEnvironment.restored(Self.forwarded, daemon: Self.daemon)
        #expect(environment["OMPI_MCA_btl_vader_backing_directory"] == "/node-1/tmp")
        #expect(environment["OMPI_MCA_btl_sm_backing_directory"] == "/node-1/tmp")
        let own = Self.forwarded.merging(["OMPI_MCA_btl_sm_backing_directory": "/mine"]) { $1 }
        #expect(RankEnvironment.restored(own, daemon: Self.daemon)["OMPI_MCA_btl_sm_backing_directory"] == "/mine")
    }

    @Test(
        "A parent that knows no node changes nothing that the rank knows", arguments: [nil, ["TMPDIR": "/elsewhere"]])
    func stranger(daemon: [String: String]?) {
        #expect(RankEnvironment.restored(Self.forwarded, daemon: daemon) == Self.forwarded)
    }

    @Test(
        "A rank is called by the number that its launcher gave it",
        arguments: [
            (["PMIX_RANK": "4"], "rank 4"), (["OMPI_COMM_WORLD_RANK": "2"], "rank 2"), (["PMI_RANK": "0"], "rank 0"),
            ([:], "a rank"),
        ])
    func label(environment: [String: String], label: String) {
        #expect(RankEnvironment.label(environment) == label)
    }
}
