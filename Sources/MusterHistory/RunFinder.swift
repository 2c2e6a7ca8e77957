package import MusterMetadata
package import MusterModel
package import MusterStore

/// Finds runs and tasks by the names that people write: `Flow/run/…`, a run's id, `Flow/latest`, or none for the newest run.
package struct RunFinder: Sendable {
    package let layout: StoreLayout
    package let metadata: any MetadataStore

    package init(layout: StoreLayout, metadata: any MetadataStore) {
        self.layout = layout
        self.metadata = metadata
    }

    /// The run called `name`; nil means the newest.
    /// - Throws: ``HistoryError`` when there is none.
    package func record(_ name: String?) async throws -> RunRecord {
        guard let name else {
            guard let newest = try await self.newest(of: nil) else {
                throw HistoryError(.missing, "there are no runs in \(self.layout.root)")
            }
            return newest
        }
        if let pathspec = Pathspec(name) { return try await self.record(of: pathspec) }
        let runs = try await self.metadata.listed(flow: nil, limit: nil)
        if let run = runs.first(where: { $0.key.run == name }) ?? runs.first(where: { $0.key.flow == name }),
            let record = try await self.metadata.record(of: run.key)
        {
            return record
        }
        let hint = NameSuggestion.hint(for: name, among: Array(Set(runs.map(\.key.flow))))
        throw HistoryError(
            .missing, "there is no run '\(name)' in \(self.layout.root)\(hint); `muster list` shows what there is")
    }

    /// The run of a pathspec; the run may be called `latest`.
    package func record(of pathspec: Pathspec) async throws -> RunRecord {
        if pathspec.run == "latest" {
            if let record = try await self.newest(of: pathspec.flow) { return record }
        } else if let record = try await self.metadata.record(of: RunKey(flow: pathspec.flow, run: pathspec.run)) {
            return record
        }
        throw HistoryError(
            .missing,
            "there is no run \(pathspec.flow)/\(pathspec.run) in \(self.layout.root); `muster list` shows what there is"
        )
    }

    private func newest(of flow: String?) async throws -> RunRecord? {
        guard let run = try await self.metadata.listed(flow: flow, limit: 1).first else { return nil }
        return try await self.metadata.record(of: run.key)
    }

    /// The pathspec that `text` spells.
    package static func pathspec(_ text: String) throws -> Pathspec {
        guard let pathspec = Pathspec(text) else {
            throw HistoryError(
                .name,
                "'\(text)' is no pathspec; write Flow/run, Flow/run/step or Flow/run/step/task (Flow/latest/… means the newest run)"
            )
        }
        return pathspec
    }

    /// The tasks of the run that a pathspec means, in the order of their numbers, and the node it names.
    package static func tasks(_ pathspec: Pathspec, in state: RunState) throws -> (tasks: [RunTask], node: Int?) {
        guard let step = pathspec.step else { return (state.machine.tasks, nil) }
        guard state.record.manifest.step(step) != nil else {
            let hint = NameSuggestion.hint(for: step, among: state.record.manifest.steps.map(\.name))
            throw HistoryError(.missing, "the flow \(state.record.flow) has no step '\(step)'\(hint)")
        }
        let ofStep = state.machine.tasks.filter { $0.step == step }
        guard let text = pathspec.task else { return (ofStep, nil) }
        guard let name = TaskName(text) else {
            throw HistoryError(.name, "'\(text)' is no task; a task is a number, or 3-node-2 for a node of a gang")
        }
        guard let task = ofStep.first(where: { $0.number == name.number }) else {
            let known = ofStep.prefix(10).map { "\($0.number)" }.joined(separator: ", ")
            throw HistoryError(
                .missing,
                "the run \(state.record.key) has no task \(step)/\(name.number)\(known.isEmpty ? "; the step has not begun" : "; the step has \(known)")"
            )
        }
        return ([task], text.contains("-node-") ? name.node : nil)
    }
}
