/// The numbers of a node's processes in its log.
///
/// 0 is the step program, 1 + k worker k of this node in a launch; the others begin where these constants say.
package enum LogProcess {
    /// Processes that a launcher started on the node.
    package static let firstRemote = 5_000
    /// Programs that the step runs itself.
    package static let firstProgram = 10_000
    /// The engine, in its own log.
    package static let engine = 19_998
    /// The agent itself, for messages to people.
    package static let agent = 19_999
    /// The cluster's own processes, and behind them files in which it talks of itself.
    package static let firstService = 20_000
    private static let firstTalk = 24_000
    private static let firstQuietFile = 25_000
    /// Files that a cluster writes for its programs.
    private static let firstFile = 30_000
    /// Programs that a launcher started: 1,000,000 + k is the one of rank k.
    package static let firstRank = 1_000_000

    /// The number for lines of `process` in which the cluster reports about itself.
    package static func talk(of process: Int) -> Int { self.firstTalk + process % 1_000 }

    /// The number of the first file of a node's folder `index` of such files.
    package static func firstFile(of index: Int, isQuiet: Bool) -> Int {
        isQuiet ? self.firstQuietFile + 1_000 * index : self.firstFile + 10_000 * index
    }

    /// True for output of the cluster's own services, which `muster logs` shows only with `--cluster`.
    package static func isOfCluster(_ process: Int) -> Bool { (self.firstService..<self.firstFile).contains(process) }
}
