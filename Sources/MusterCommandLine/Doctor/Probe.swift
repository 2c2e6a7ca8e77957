import Foundation
import MusterBackends
import MusterModel

/// A job of one node that looks at its node and writes what it has found into the store.
struct Probe {
    let store: any ProbeStore
    let place: PlaceSettings
    /// Seconds for the job to start and to end.
    let timeout: Double
    /// Tells a person why it takes so long.
    let progress: @Sendable (String) -> Void

    /// Submits the job, waits for it, and removes all of it.
    func findings(_ backend: some ComputeBackend) async -> [Finding] {
        let run = "\(Int(Date().timeIntervalSince1970 * 1e6))"
        let attempt = AttemptID(flow: "doctor", run: run, step: "probe", task: 1, attempt: 0)
        let findings: [Finding]
        do {
            let command = try await self.store.begin(run)
            let request = try await backend.request(
                for: GangLaunch(
                    attempt: attempt, name: JobName.of(attempt, store: self.store.name), nodes: 1,
                    resources: Resources(cpu: 1, gpu: 0, memory: 0), command: command,
                    folder: self.store.folder(run).map { "\($0)/1.0" }, timeLimit: 600, place: self.place))
            let job = try await backend.submit(request)
            let found = await self.watch(job, backend, run)
            findings = [.ok("submission", "accepted as job \(job.id)")] + found + (await self.end(job, backend))
        } catch {
            findings = [.missing("submission", CommandFailure(error).message)]
        }
        await self.store.end(run)
        return findings
    }

    // MARK: - Waiting

    private func watch(_ job: BackendJob, _ backend: some ComputeBackend, _ run: String) async -> [Finding] {
        let clock = ContinuousClock()
        let begin = clock.now
        var ended: (end: JobEnd, at: ContinuousClock.Instant)?
        var last = ""
        while begin.duration(to: clock.now) < .seconds(self.timeout) {
            if let text = await self.store.result(run) { return self.read(text) }
            if let ended, ended.at.duration(to: clock.now) > .seconds(self.store.settle) {
                return [self.silent(ended.end)]
            }
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

    private func silent(_ end: JobEnd) -> Finding {
        .missing(
            "node", "the job has ended (\(end.reason)), and wrote nothing into the store", self.store.remedy)
    }

    private func read(_ text: String) -> [Finding] {
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
            if case .ended? = (try? await backend.look(at: [job]))?[job] {
                // The probe has its answer: objects that the place cannot remove now do not make it wrong.
                try? await backend.remove(job)
                return [.ok("clean-up", "the job is gone")]
            }
            // A job that has told all ends by itself a moment later.
            if turn % 10 == 2 { try? await backend.cancel(job) }
            try? await Task.sleep(for: .seconds(1))
        }
        return [.missing("clean-up", "the job \(job.id) may still be there", "end it by hand")]
    }
}
