import Glibc
import Testing

@testable import MusterProcess

@Suite struct ProcessPlaceTests {
    @Test("A place is read back as it was written, and is here only as that very process")
    func own() throws {
        let own = ProcessPlace.own
        #expect(ProcessPlace(text: own.text) == own)
        #expect(own.isHere && !own.isStopped && own.description == "process \(getpid())")
    }

    @Test("A process of another boot, namespace or time, or one that does not say, is not here")
    func others() {
        let own = ProcessPlace.own
        func place(pid: Int32? = nil, started: UInt64? = nil, boot: String? = nil, namespace: String? = nil)
            -> ProcessPlace
        {
            ProcessPlace(
                identity: ProcessIdentity(pid: pid ?? own.identity.pid, started: started ?? own.identity.started),
                boot: boot ?? own.boot, namespace: namespace ?? own.namespace, host: "elsewhere")
        }
        for other in [
            place(started: own.identity.started + 1), place(boot: "another"), place(namespace: "pid:[1]"),
            place(pid: 1),
            place(boot: ""), place(namespace: ""),
        ] {
            #expect(!other.isHere && other.description.contains("elsewhere"), "\(other.text)")
        }
    }

    @Test(
        "What is no place is none",
        arguments: ["", "12\n", "12\nx\na\nb\nc\n", "-1\n1\na\nb\nc\n", "a\n1\na\nb\nc\n", "12\n1\na\nb"])
    func unreadable(text: String) { #expect(ProcessPlace(text: text) == nil) }
}
