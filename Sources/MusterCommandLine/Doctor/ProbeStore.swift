import Foundation
import MusterBackends
import MusterCourier
import MusterObjects
import MusterStore
import MusterSystem

/// The way from a probe's node to this machine.
protocol ProbeStore: Sendable {
    /// The store's name, which names of jobs depend on.
    var name: String { get }
    /// Seconds for what a node has written to be seen here.
    var settle: Double { get }
    /// What can be done when nothing was written.
    var remedy: String { get }

    /// - Parameter run: Tells this probe from others.
    /// - Returns: The command of the node.
    func begin(_ run: String) async throws -> [String]
    /// A folder that the node sees; nil where it sees none.
    func folder(_ run: String) -> String?
    /// What the node has written, a line for each thing; nil before it has.
    func result(_ run: String) async -> String?
    /// Removes what is left.
    func end(_ run: String) async
}

/// A folder that the nodes see, too.
struct ProbeFolder: ProbeStore {
    let layout: StoreLayout
    /// This machine's agent.
    let agent: String

    var name: String { self.layout.root }
    /// Network file systems keep folders in a cache.
    let settle = 30.0
    let remedy =
        "the node does not see the store under this path, or may not write there: put it on a file system that all nodes share, with --store"

    func begin(_ run: String) throws -> [String] {
        let folder = self.path(run)
        try self.layout.prepare()
        try Folder.make(folder)
        let script = "\(folder)/probe.sh"
        try FileContents.overwrite(
            script, with: Data(Self.script(try AgentCopy(of: self.agent, in: self.layout).path).utf8))
        return ["/bin/sh", script]
    }

    private func path(_ run: String) -> String { "\(self.layout.root)/doctor-\(run)" }

    func folder(_ run: String) -> String? { self.path(run) }

    func result(_ run: String) -> String? {
        FileContents.read("\(self.path(run))/result").map { String(decoding: $0, as: UTF8.self) }
    }

    func end(_ run: String) { _ = FolderRemoval.remove(self.path(run)) }

    /// Finds itself by its own path: a place may start it in any folder.
    private static func script(_ agent: String) -> String {
        """
        folder=${0%/*}
        {
            echo "host $(uname -n)"
            if text=$(\(ShellWord.quoted(agent)) --version 2>&1); then echo "agent $text"; else echo "no-agent $text"; fi
            if text=$(python3 --version 2>&1); then echo "python $text"; else echo "no-python $text"; fi
        } > "$folder/result.new" && mv "$folder/result.new" "$folder/result"

        """
    }
}

/// The bucket that the store is in, which the node reaches with credentials of its own.
struct ProbeBucket: ProbeStore {
    let nodes: BucketNodes
    let name: String
    /// The agent's command on a node, before its verb.
    let agent: [String]

    let settle = 15.0
    let remedy =
        "the node's image has to be able to start the agent, and the node's credentials to write into the bucket"

    func begin(_ run: String) -> [String] {
        self.agent + ["look", "--result", self.nodes.address(of: BucketLayout.look(run))]
    }

    func folder(_ run: String) -> String? { nil }

    func result(_ run: String) async -> String? {
        // A question that fails is asked again.
        let data = try? await self.nodes.objects.find(BucketLayout.look(run))
        return data.map { String(decoding: $0, as: UTF8.self) }
    }

    func end(_ run: String) async {
        // An object of a few bytes that stays is in nobody's way.
        try? await self.nodes.objects.remove(BucketLayout.look(run))
    }
}
