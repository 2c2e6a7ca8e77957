import MusterTestSupport
import Testing

@testable import MusterAgent

@Suite struct OpenMPISettingsTests {
    private static let loopback = "OMPI_MCA_btl_tcp_if_include"

    @Test("Where nobody has chosen an interface, messages take the loopback interface")
    func unset() {
        let environment = OpenMPISettings(["HOME": "/nobody", "OMPI_MCA_btl": "tcp,self"]).onLoopback
        #expect(environment[Self.loopback] == "lo")
        #expect(environment["OMPI_MCA_btl"] == "tcp,self")
    }

    @Test(
        "Interfaces that the user has chosen by a variable or on the launcher's command line stay",
        arguments: ["OMPI_MCA_btl_tcp_if_include", "OMPI_MCA_btl_tcp_if_exclude"])
    func variable(name: String) {
        let own = ["HOME": "/nobody", name: "eth0"]
        #expect(OpenMPISettings(own).onLoopback == own)
    }

    @Test(
        "Interfaces that a parameter file chooses stay, and a comment chooses none",
        arguments: [
            ("btl_tcp_if_exclude = lo,docker0\n", true), ("pml = ucx\n  btl_tcp_if_include=ib0", true),
            ("# btl_tcp_if_include = eth0\n", false), ("", false),
        ],
        ["home/.openmpi/mca-params.conf", "mpi/etc/openmpi-mca-params.conf", "relocated/etc/openmpi-mca-params.conf"])
    func file(contents: (text: String, isChosen: Bool), path: String) throws {
        let folder = try TestFolder()
        try folder.write(path, contents.text)
        let own = [
            "HOME": "\(folder.path)/home", "PATH": "/nowhere:\(folder.path)/mpi/bin",
            "OPAL_PREFIX": "\(folder.path)/relocated",
        ]
        let environment = OpenMPISettings(own).onLoopback
        #expect((environment[Self.loopback] == nil) == contents.isChosen)
    }
}
