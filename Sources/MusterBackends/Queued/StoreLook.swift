import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

/// Reads one attempt's objects and returns what has changed since the last look.
struct StoreLook: Sendable {
    /// The news of one look.
    struct News: Sendable {
        /// Node 0 has given another sign of life.
        var hasWord = false
        /// The job whose node 0 has claimed the attempt; once.
        var claim: String?
        var statuses: [AgentStatus] = []
        /// Sizes of the logs that have grown, by node.
        var logs: [Int: Int] = [:]
        var hosts: [String] = []
        var report: GangReport?
    }

    let folder: AttemptFolder
    private var reader = StatusReader()
    private var sign = 0
    /// A node has claimed the attempt.
    private(set) var hasSpoken = false
    private var logs: [Int: Int] = [:]
    private let nodes: Int

    init(folder: AttemptFolder, nodes: Int) {
        self.folder = folder
        self.nodes = nodes
    }

    /// Looks once. An object that cannot be read counts as absent and is read again at the next look: no offset or count
    /// moves, and a store that stays unreadable ends in the failure of a gang that left no report.
    mutating func look() -> News {
        var news = News()
        if !self.hasSpoken, self.folder.size(.claim) != nil,
            let claim = try? self.folder.value(AttemptClaim.self, of: .claim)
        {
            self.hasSpoken = true
            news.claim = claim.job
        }
        guard self.hasSpoken else { return news }
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
        // Last, because the statuses before it have to be told before the end.
        news.report = try? self.folder.value(GangReport.self, of: .report)
        return news
    }
}
