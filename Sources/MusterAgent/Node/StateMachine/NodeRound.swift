import MusterFrameworks
import MusterModel

/// The launch that the step body of this node waits for.
struct NodeLaunch: Sendable, Equatable {
    let number: Int
    let connection: RequestConnection
    /// nil until the framework has checked it.
    var request: LaunchRequest?
}

/// The processes of one round of a launch on one node.
///
///     planning ──plan, files written──▶ running ──failed · stopped──▶ ending ──cleared──▶ (no round)
///                                          └────────────ended(all)──────────────────────▲
struct NodeRound: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// The framework plans, or the plan's files are being written. Commands that have come meanwhile wait.
        case planning(early: [Command])
        case running
        /// The rest of the round is being ended.
        case ending
    }

    /// A command that the control node's launcher runs on this node.
    struct Command: Sendable, Equatable {
        let id: Int
        let text: String
    }

    /// A wrapper around a launched program (the verb `rank`).
    struct Wrapper: Sendable, Equatable {
        let label: String
        let pid: Int32
    }

    let round: LaunchRound
    var phase = Phase.planning(early: [])
    /// Empty until the framework has planned.
    var plan = LaunchPlan()
    /// Indices of the plan's processes that run.
    var workers: Set<Int> = []
    /// Commands of a launcher that run.
    var remotes: Set<Int> = []
    /// Commands that were ended because the launcher does not wait for them: their end is no failure.
    var abandoned: Set<Int> = []
    var wrappers: [RequestConnection: Wrapper] = [:]
    /// In the order in which they came.
    var exits: [ProcessExit] = []
    /// The failure that was reported from here, though another node may report its cause: the control node decides.
    var suspicion: Suspicion?

    enum Suspicion: Sendable, Equatable {
        case launcher
        /// A wrapper has ended without a report.
        case lostWrapper
    }

    init(_ round: LaunchRound) { self.round = round }

    var isEnding: Bool { self.phase == .ending }

    /// In the order in which they were started.
    var processes: [NodeProcess] {
        self.workers.sorted().map { .worker(self.round, $0) } + self.remotes.sorted().map { .remote(self.round, $0) }
    }

    func processes(mark: String) -> RoundProcesses {
        RoundProcesses(
            round: self.round, mark: mark, processes: self.processes,
            wrappers: self.plan.hasRanks ? self.wrappers.values.map(\.pid).sorted() : nil)
    }
}
