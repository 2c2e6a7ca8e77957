import FoundationEssentials
import Glibc
import MusterAWS
import MusterObjects
import MusterProcess
import MusterS3
import MusterSystem

/// `muster-agent look --result ADDRESS`: tells what this node has, in an object of the bucket that the store is in. `muster
/// doctor --probe` runs it where steps are to run, with the credentials that they will have.
enum LookVerb {
    static func run(_ arguments: [String], environment: [String: String]) async -> CInt {
        guard arguments.count == 2, arguments[0] == "--result" else {
            AgentErrors.print("usage: muster-agent look --result ADDRESS")
            return 2
        }
        do {
            let address = try ObjectAddress(arguments[1])
            let profiles = AWSProfiles(environment: environment)
            let objects = S3ObjectStore(try address.settings(prefix: "", profiles), profiles: profiles)
            _ = try await objects.put(Data(await self.words(environment).utf8), at: address.key, mode: .replacing)
            return 0
        } catch {
            AgentErrors.print("what this node has cannot be stored: \(error)")
            return 1
        }
    }

    /// A line for each thing: its name, and what is known of it.
    private static func words(_ environment: [String: String]) async -> String {
        let python = await self.python(environment)
        return """
            host \(NodeVerb.hostName())
            agent muster-agent \(ProgramVersion.number)
            \(python.map { "python \($0)" } ?? "no-python")

            """
    }

    /// What the Python on the `PATH` says of itself; nil without one.
    private static func python(_ environment: [String: String]) async -> String? {
        let spec = ProcessSpec(executable: "python3", arguments: ["--version"], environment: environment)
        // One that cannot be executed is none for a step either.
        guard let outcome = try? await ProcessReactor().run(spec, limit: 1 << 12), outcome.status.isSuccess else {
            return nil
        }
        return String(decoding: outcome.standardOutput, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}
