import Crypto
import Foundation
import MusterProcess
import MusterTestSupport
import Testing

@testable import MusterCommandLine

/// The command by which a node fetches the agent, in images that have little.
@Suite struct AgentBootstrapTests {
    private let folder: TestFolder
    private let agent = "#!/bin/sh\necho \"agent $@ in $MUSTER_AGENT_FOLDER\"\n"

    init() throws { self.folder = try TestFolder() }

    private func digest(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// A folder with these programs of this machine, and the few that every image has.
    private func image(_ programs: [String]) throws -> String {
        let image = "\(self.folder.path)/bin-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: image, withIntermediateDirectories: true)
        for name in ["sh", "cut", "mktemp", "chmod", "rm", "sleep"] + programs {
            let found = try #require(
                ["/usr/bin", "/bin", "/usr/local/bin"].map { "\($0)/\(name)" }
                    .first { FileManager.default.isExecutableFile(atPath: $0) }, "\(name)")
            try FileManager.default.createSymbolicLink(atPath: "\(image)/\(name)", withDestinationPath: found)
        }
        return image
    }

    private func run(_ image: String, address: String, digest: String) async throws -> ProcessOutcome {
        let command = AgentBootstrap.command(address: address, digest: digest) + ["node", "--order", "a b"]
        return try await ProcessReactor().run(
            ProcessSpec(
                executable: command[0], arguments: Array(command.dropFirst()),
                environment: ["PATH": image, "TMPDIR": self.folder.path]))
    }

    private func whileServed(_ body: (String) async throws -> Void) async throws {
        let agent = self.agent
        try await ScriptedServer.with { request in
            request.target == "/agent?a=1&b=2" ? .answer(200, [], Data(agent.utf8)) : .answer(404)
        } _: { server in
            try await body("\(server.endpoint)/agent?a=1&b=2")
        }
    }

    @Test(
        "The agent comes by whatever the image has",
        arguments: [["curl", "sha256sum"], ["wget", "openssl"], ["python3"], ["perl"]])
    func fetched(programs: [String]) async throws {
        // Not every machine of the tests has all of them.
        let present = programs.allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)") }
        guard present else { return }
        let image = try self.image(programs)
        try await self.whileServed { address in
            let outcome = try await self.run(image, address: address, digest: self.digest(self.agent))
            let output = String(decoding: outcome.standardOutput, as: UTF8.self)
            let errors = String(decoding: outcome.standardError, as: UTF8.self)
            #expect(outcome.status == .exited(0), "\(programs): \(errors)")
            #expect(output.hasPrefix("agent node --order a b in \(self.folder.path)/muster-agent-"), "\(output)")
        }
    }

    @Test("An agent of other bytes is not executed, and nothing of it is left")
    func otherBytes() async throws {
        let image = try self.image(["curl", "sha256sum"])
        try await self.whileServed { address in
            let outcome = try await self.run(image, address: address, digest: self.digest("another"))
            #expect(outcome.status == .exited(2))
            #expect(String(decoding: outcome.standardError, as: UTF8.self).contains("other bytes"))
            let names = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
            #expect(!names.contains { $0.hasPrefix("muster-agent-") })
        }
    }

    @Test("An agent of the right bytes that the image has is executed, and nothing is fetched")
    func baked() async throws {
        let image = try self.image(["sha256sum"])
        try Data(self.agent.utf8).write(to: URL(filePath: "\(image)/muster-agent"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(image)/muster-agent")
        let outcome = try await self.run(image, address: "http://127.0.0.1:9/", digest: self.digest(self.agent))
        #expect(outcome.status == .exited(0))
        #expect(String(decoding: outcome.standardOutput, as: UTF8.self) == "agent node --order a b in \n")
    }

    @Test("An image without anything to fetch or to check with says so")
    func bare() async throws {
        let nothing = try await self.run(try self.image([]), address: "http://127.0.0.1:9/", digest: "x")
        #expect(nothing.status == .exited(2))
        #expect(String(decoding: nothing.standardError, as: UTF8.self).contains("curl, wget, python3 and perl"))
        let unchecked = try self.image(["curl"])
        try await self.whileServed { address in
            let outcome = try await self.run(unchecked, address: address, digest: self.digest(self.agent))
            #expect(outcome.status == .exited(2))
            #expect(String(decoding: outcome.standardError, as: UTF8.self).contains("sha256sum"))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: self.folder.path)
        #expect(!names.contains { $0.hasPrefix("muster-agent-") })
    }
}
