import Foundation
import Glibc
import MusterBackends
import MusterModel
import MusterStore
import MusterSystem

/// A job of one node that looks at its node and writes what it has found into the store.
struct Probe {
    let layout: StoreLayout
    /// This machine's agent.
    let agent: String
    let place: PlaceSettings
    /// Seconds for the job to start and to end.
    let timeout: Double
    /// Tells a person why it takes so long.
    let progress: @Sendable (String) -> Void

    /// Seconds for a file that a node has written to be seen here: network file systems keep folders in a cache.
    private static let settle = 30.0

    /// Submits the job, waits for it, and removes all of it.
    func findings(_ backend: some ComputeBackend) async -> [Finding] {
        let run = "\(Int(Date().timeIntervalSince1970 * 1e6))"
        let folder = "\(self.layout.root)/doctor-\(run)"
        defer { _ = FolderRemoval.remove(folder) }
        do {
            try self.layout.prepare()
            try Folder.make(folder)
            let agent = try AgentCopy(of: self.agent, in: self.layout).path
            let script = "\(folder)/probe.sh"
            try FileContents.overwrite(script, with: Data(Self.script(agent).utf8))
            let attempt = AttemptID(flow: "doctor", run: run, step: "probe", task: 1, attempt: 0)
            let request = try await backend.request(
                for: GangLaunch(
                    attempt: attempt, name: JobName.of(attempt, store: self.layout.root), nodes: 1,
                    resources: Resources(cpu: 1, gpu: 0, memory: 0), command: ["/bin/sh", script],
                    folder: "\(folder)/1.0", timeLimit: 600, place: self.place))
            let job = try await backend.submit(request)
            let found = await self.watch(job, backend, "\(folder)/result")
            return [.ok("submission", "accepted as job \(job.id)")] + found + (await self.end(job, backend))
        } catch {
            return [.missing("submission", CommandFailure(error).message)]
        }
    }

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

    // MARK: - Waiting

    private func watch(_ job: BackendJob, _ backend: some ComputeBackend, _ result: String) async -> [Finding] {
        let clock = ContinuousClock()
        let begin = clock.now
        var ended: (end: JobEnd, at: ContinuousClock.Instant)?
        var last = ""
        while begin.duration(to: clock.now) < .seconds(self.timeout) {
            if let bytes = FileContents.read(result) { return Self.read(String(decoding: bytes, as: UTF8.self)) }
            if let ended, ended.at.duration(to: clock.now) > .seconds(Self.settle) { return [Self.silent(ended.end)] }
            if ended == nil {
                // A look that fails tells nothing, as does a job that is missing: both are asked again until the time is up.
                switch (try? await backend.look(at: [job]))?[job] {
                case .queued(let wait)?:
                    let text = [wait.reason, wait.advice].compactMap { $0 }.joined(separator: "; ")
                    if wait.isHopeless { return [.missing("node", "the job can never start: \(text)")] }
                    if text != last { self.progress("the job \(job.id) waits: \(text)") }
                    last = text
                case .ended(let end)?: ended = (end, clock.now)
                case .running?, .unknown?, nil: break
                }
            }
            try? await Task.sleep(for: .seconds(ended == nil ? 2 : 0.5))
        }
        return [
            .missing(
                "node", "the job has not told anything within \(Int(self.timeout)) s\(last.isEmpty ? "" : ": \(last)")",
                "try again with a longer --timeout, or with options that start sooner")
        ]
    }

    private static func silent(_ end: JobEnd) -> Finding {
        .missing(
            "node", "the job has ended (\(end.reason)), and wrote nothing into the store",
            "the node does not see the store under this path, or may not write there: put it on a file system that all nodes share, with --store"
        )
    }

    private static func read(_ text: String) -> [Finding] {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 1).map(String.init) }
        func value(_ key: String) -> String? { lines.first { $0.first == key }.map { $0.count > 1 ? $0[1] : "" } }
        let host = value("host") ?? "?"
        var findings = [Finding.ok("node", "\(host) sees the store, and writes there")]
        if let agent = value("agent") {
            findings.append(.ok("node agent", "it starts on \(host): \(agent)"))
        } else {
            findings.append(
                .missing(
                    "node agent", "it does not start on \(host): \(value("no-agent") ?? "nothing was said")",
                    "the store must not be mounted noexec, and nodes of another processor need an agent of theirs"))
        }
        if let python = value("python") {
            findings.append(.ok("node python", "\(python) on \(host)"))
        } else {
            findings.append(
                .note(
                    "node python", "there is no python3 on the PATH of \(host)",
                    "flows in Python need one there: load a module with the place's setup"))
        }
        return findings
    }

    // MARK: - The end

    private func end(_ job: BackendJob, _ backend: some ComputeBackend) async -> [Finding] {
        // Calls that fail are repeated; a job of which no end is heard is told as one that may still be there.
        for turn in 0..<30 {
            if case .ended? = (try? await backend.look(at: [job]))?[job] { return [.ok("clean-up", "the job is gone")] }
            // A job that has told all ends by itself a moment later.
            if turn % 10 == 2 { try? await backend.cancel(job) }
            try? await Task.sleep(for: .seconds(1))
        }
        return [.missing("clean-up", "the job \(job.id) may still be there", "end it by hand")]
    }
}
