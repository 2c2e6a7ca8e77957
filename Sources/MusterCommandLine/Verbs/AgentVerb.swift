import ArgumentParser
import Foundation
import MusterBackends
import MusterKubernetes
import MusterModel
import MusterSystem

/// `muster agent`: the program that runs on every node.
struct AgentVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent", abstract: "The program that runs on every node.", subcommands: [AgentImageVerb.self])
}

/// `muster agent image`
struct AgentImageVerb: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "image", abstract: "Make a container image that holds the agent and nothing else.",
        discussion: """
            On Kubernetes nodes take the agent from it (setting kubernetes.agent-image), and their own images need nothing of \
            Muster's, not even a shell. Neither Docker nor root is needed. Put the file into your registry with \
            `skopeo copy oci-archive:FILE docker://NAME`, or `docker load` and `docker push`.
            """)

    @Option(name: .long, help: "The file to write.") var output = "muster-agent.tar"
    @Option(name: .long, help: "The image's name. (default: muster-agent:VERSION)") var name: String?
    @OptionGroup var settings: SettingOptions
    @OptionGroup var flow: FlowOptions

    func run() throws {
        let context = try CommandContext(self.flow, given: try self.settings.given)
        let name = self.name ?? "muster-agent:\(ProgramVersion.number)"
        do throws(BackendError) {
            let image = try AgentImage(program: try Self.contents(of: try Self.agent(context)))
            let archive = try image.archive(named: name)
            try Self.write(archive, to: self.output)
            StandardStream.output.line(
                "\(self.output) holds \(name), \(archive.count >> 20) MiB, \(image.manifest.digest)")
        } catch {
            throw CommandFailure(.usage, error.message)
        }
    }

    private static func agent(_ context: CommandContext) throws(BackendError) -> String {
        do { return try context.agent() } catch { throw Self.machine("\(CommandFailure(error).message)") }
    }

    private static func contents(of path: String) throws(BackendError) -> Data {
        do {
            return try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe)
        } catch {
            throw Self.machine("\(path) cannot be read: \(error.localizedDescription)")
        }
    }

    private static func write(_ data: Data, to path: String) throws(BackendError) {
        do {
            try data.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Self.machine("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func machine(_ message: String) -> BackendError {
        BackendError(code: .machine, message: message, isTransient: false)
    }
}
