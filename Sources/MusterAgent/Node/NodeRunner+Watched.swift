import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Programs that a launcher runs on this node under the agent's wrapper, the verb `rank`.
extension NodeRunner {
    func watching(_ label: String, _ wrapper: Int32, _ connection: SocketConnection) {
        self.round?.wrappers[connection] = (label, wrapper)
        self.answer(connection, .done)
    }

    func written(_ process: Int, _ stream: LaunchedStream, _ bytes: Data, _ connection: SocketConnection) {
        guard let log = self.log else { return self.answer(connection, .done) }
        bytes.withUnsafeBytes {
            log.append(process: process, stream == .output ? .standardOutput : .standardError, $0)
        }
        let events = self.services.events
        log.whenRoom { events.yield(.answer(connection, .done)) }
    }

    func watched(_ exit: WatchedExit?, _ connection: SocketConnection) {
        self.round?.wrappers[connection] = nil
        if let exit {
            self.judge(
                ProcessExit(
                    label: exit.label, role: .watched, code: exit.code, signal: exit.signal, lastLines: exit.lastLines))
        }
        self.answer(connection, .done)
    }

    /// A wrapper has gone without a word, and its program died with it. Who did it cannot be known here.
    func loseWrapper(_ connection: SocketConnection) {
        guard let wrapper = self.round?.wrappers.removeValue(forKey: connection), let round = self.round,
            !round.isStopping, !self.isClearing
        else { return }
        self.round?.hasLostWrapper = true
        let exit = ProcessExit(wrapper.label, .watched, .signaled(SIGKILL), lastLines: [])
        self.suspect(
            self.blame(wrapper.label).failure(exit, detail: "the process that watched it was ended as well"), .silence)
    }

    /// Processes of the round that only serve the user's programs.
    var attendants: Set<ProcessIdentity> {
        guard let round = self.round, round.plan?.hasRanks == true else { return [] }
        let roots = Array(round.running.values) + round.remotes.values.map(\.process)
        return ProcessTree.tree(of: roots.map(\.pid), without: Set(round.wrappers.values.map(\.pid)))
    }
}
