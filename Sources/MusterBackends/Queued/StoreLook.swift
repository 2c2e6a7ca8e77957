import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

/// What is read of one attempt's objects, from look to look.
struct StoreLook: Sendable {
    /// The news of one look.
    struct News: Sendable {
        /// Node 0 has given another sign of life, or claimed the attempt.
        var hasWord = false
        var statuses: [AgentStatus] = []
        /// Sizes of the logs that have grown, by node.
        var logs: [Int: Int] = [:]
        var hosts: [String] = []
        var report: GangReport?
    }

    let folder: AttemptFolder
    private var reader = StatusReader()
    private var sign = 0
    private var isClaimed = false
    private var logs: [Int: Int] = [:]
    private var nodes = 0

    init(folder: AttemptFolder, nodes: Int) {
        self.folder = folder
        self.nodes = nodes
    }

    /// Whether a node has spoken.
    var hasSpoken: Bool { self.isClaimed || self.sign > 0 }

    /// Looks once. An object that cannot be read counts as absent: it is looked at again.
    mutating func look() -> News {
        var news = News()
        if !self.isClaimed, self.folder.size(.claim) != nil {
            self.isClaimed = true
            news.hasWord = true
        }
        guard self.isClaimed else { return news }
        if let sign = try? self.folder.value(LifeSign.self, of: .alive), sign.count != self.sign {
            self.sign = sign.count
            news.hasWord = true
            news.hosts = sign.hosts
        }
        news.statuses = (try? self.reader.next(in: self.folder)) ?? []
        for node in 0..<self.nodes {
            guard let size = self.folder.size(.log(node: node)), size != self.logs[node] else { continue }
            self.logs[node] = size
            news.logs[node] = size
        }
        // Last: what is told before the report is read before it is taken for the end.
        news.report = try? self.folder.value(GangReport.self, of: .report)
        return news
    }
}
