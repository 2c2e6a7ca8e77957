import MusterModel
import Testing

@testable import MusterFrameworks

@Suite struct ExitReadingTests {
    static func exit(_ role: ProcessExit.Role, code: Int? = nil) -> ProcessExit {
        ProcessExit(label: "it", role: role, code: code, signal: code == nil ? 9 : nil)
    }

    @Test(
        "Launchers and daemons that were killed, and a launcher's own codes, tell why others ended; a program may have followed them",
        arguments: [
            (exit(.watched), LaunchEvidence.end), (exit(.watched, code: 5), .end), (exit(.watched, code: 9), .silence),
            (exit(.remote, code: 5), .end),
            (exit(.planned, code: 9), .hearsay), (exit(.planned, code: 5), .account), (exit(.planned), .account),
            (exit(.remote), .account),
        ])
    func evidence(exit: ProcessExit, evidence: LaunchEvidence) {
        #expect(ExitReading(killCodes: [9, 137]).evidence(of: exit) == evidence)
    }
}
