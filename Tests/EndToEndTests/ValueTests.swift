import Foundation
import MusterModel
import MusterProcess
import Testing

/// Values that travel through a run come out as they went in.
@Suite(.serialized) struct ValueTests {
    @Test("An element of a foreach is what it was, wherever it stood, whatever became of that, and however large it is")
    func elements() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", PythonFlowTests.flow("elements")])
        #expect(finished.status == .exited(0), "\(finished)")
        let nested =
            "[(1, [(1, 1, 2, True), (2, 1, 2, True)]), (3, [(3, 3, 4, True), (4, 3, 4, True)])]"
        let expected = "elements: True ['0', '1', '2', '3', '4', '5'] \(nested) [73400320, '1.0', '-0.0']"
        #expect(finished.all.contains(expected), "\(finished)")
    }

    @Test("A parameter is what its text says in the flow's language, as a default and as it was given")
    func texts() async throws {
        let sandbox = try Sandbox()
        let plain = try await sandbox.muster(["run", PythonFlowTests.flow("texts")])
        let defaults =
            "texts: [inf, -0.0, 1000000000000000000000000000000, {'b': 1.0, 'a': [nan, -0.0, 123456789012345678901]}, (1, 2.0), 2, 'a note\\n']"
        #expect(plain.all.contains(defaults), "\(plain)")
        let given = try await sandbox.muster(
            [
                "run", PythonFlowTests.flow("texts"), "--ceiling", "-inf", "--floor", "1e400", "--many",
                "-123456789012345678901234567890", "--shape", #"{"z": 2.0, "y": Infinity}"#, "--needed", "0",
            ])
        let texts =
            "texts: [-inf, inf, -123456789012345678901234567890, {'z': 2.0, 'y': inf}, (1, 2.0), 0, 'a note\\n']"
        #expect(given.all.contains(texts), "\(given)")
        let status = try await sandbox.muster(["status", "--json"])
        #expect(status.output.contains(#""many" : -123456789012345678901234567890"#), "\(status)")
        #expect(status.output.contains(#""shape" : "{\"z\": 2.0, \"y\": Infinity}""#), "\(status)")
        _ = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
        let wrong = try await sandbox.muster(["run", PythonFlowTests.flow("texts"), "--shape", "[1"])
        #expect(wrong.status == .exited(2) && wrong.errors.contains("not JSON"), "\(wrong)")
    }

    @Test("What a step had set before it failed is there after @catch, and can be read of the failed task")
    func partial() async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.muster(["run", PythonFlowTests.flow("partial")])
        #expect(finished.status == .exited(1), "\(finished)")
        let expected =
            "partial: 41 builtins.ValueError halfway | False 1 False step.error | [1] False step.error | [None, 1]"
        #expect(finished.all.contains(expected), "\(finished)")
        #expect(finished.all.contains("failed in end/8: RuntimeError: the end fails too"), "\(finished)")
        let last = try await sandbox.muster(["dump", "PartialFlow/latest/end/8/last"])
        #expect(last.output == "7\n", "\(last)")
        let reader =
            "from metaflow import Flow, Task; print('read:', Task('PartialFlow/' + Flow('PartialFlow').latest_run.id + '/end/8').data.last)"
        let client = try await PythonFlowTests().python(["-c", reader], in: sandbox)
        #expect(client.output.contains("read: 7"), "\(client)")
    }

    /// Runs a line of the shell, in which bytes that are no UTF-8 can be written, with `$MUSTER` for the command.
    private func shell(_ line: String, in sandbox: Sandbox) async throws -> Finished {
        let environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        let spec = ProcessSpec(
            executable: "sh", arguments: ["-c", line],
            environment: environment.merging(["MUSTER": "\(Sandbox.programs)/muster"]) { $1 },
            workingDirectory: sandbox.folder, newSession: true)
        return Finished(try await sandbox.reactor.run(spec))
    }

    @Test(
        "Variables that are no UTF-8 come to steps, gangs and what these start byte for byte",
        arguments: ["", " --no-serve"])
    func bytes(options: String) async throws {
        let sandbox = try Sandbox()
        let line = #"export ODD="$(printf 'caf\351 \377')" EVEN="$(printf '\303\244\200')"; exec "$MUSTER" run "#
        let finished = try await self.shell("\(line)\(PythonFlowTests.flow("bytes"))\(options)", in: sandbox)
        let even = #"b'\xc3\xa4\x80'"#
        let nodes = "(b'given', \(even))"
        let expected =
            #"bytes: [b'caf\xe9 \xff', "# + even + #", b'zw\xc3\xb6lf'] b'caf\xe9 \xff' "# + "[\(nodes), \(nodes)]"
        #expect(finished.all.contains(expected), "\(finished)")
    }

    @Test(
        "What is no UTF-8 and would be taken for something else is refused by name",
        arguments: [
            (#"exec "$MUSTER" run flow.py --x "$(printf 'caf\351')""#, "is no UTF-8; give it in UTF-8"),
            (
                #"METAFLOW_RUN_X="$(printf 'caf\351')" exec "$MUSTER" run flow.py"#,
                "the variable METAFLOW_RUN_X is no UTF-8"
            ),
            (#"d="$(printf 'caf\351')"; mkdir "$d"; cd "$d"; exec "$MUSTER" list"#, "is no UTF-8; rename it"),
        ])
    func notText(line: String, message: String) async throws {
        let finished = try await self.shell(line, in: try Sandbox())
        #expect(finished.status == .exited(2) && finished.errors.contains(message), "\(finished)")
    }
}
