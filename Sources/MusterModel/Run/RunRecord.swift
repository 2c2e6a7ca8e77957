/// The stored facts of a run beside its events: enough to list it, show it and resume it.
package struct RunRecord: Codable, Sendable, Equatable {
    package var flow: String
    /// Microseconds since 1970 as decimal digits, unique within a store.
    package var run: String
    package var user: String
    /// Unix time in seconds.
    package var created: Double
    package var finished: Double?
    /// nil while the run has not ended. A run without a verdict whose engine has died was interrupted.
    package var verdict: RunVerdict?
    /// The run that this one resumes.
    package var originRun: String?
    /// The flow program: its path, and arguments that come before the verb.
    package var program: [String]
    package var manifest: FlowManifest
    package var parameters: [String: ParameterValue]
    /// Digest of the code package.
    package var package: String
    /// The tags that the run began with; the store holds those that it has now.
    package var tags: [String]?
    /// True when its steps run in copies of the code package instead of in place; nil means false.
    package var isIsolated: Bool?
    /// Metaflow's namespace: the user whose runs a client inside this run sees; nil for ``user``.
    package var namespace: String?

    package init(
        flow: String, run: String, user: String, created: Double, finished: Double? = nil, verdict: RunVerdict? = nil,
        originRun: String? = nil, program: [String], manifest: FlowManifest, parameters: [String: ParameterValue],
        package: String, tags: [String]? = nil, namespace: String? = nil, isIsolated: Bool? = nil
    ) {
        self.flow = flow
        self.run = run
        self.user = user
        self.created = created
        self.finished = finished
        self.verdict = verdict
        self.originRun = originRun
        self.program = program
        self.manifest = manifest
        self.parameters = parameters
        self.package = package
        self.tags = tags
        self.namespace = namespace
        self.isIsolated = isIsolated
    }
}

extension RunRecord {
    /// The tags that follow from the run itself; they cannot be added or removed.
    package var systemTags: [String] {
        (["user:\(self.user)", "language:\(self.manifest.language)"] + (self.manifest.systemTags ?? [])).sorted()
    }
}

/// An event with the time at which it was appended.
package struct RecordedEvent: Sendable, Equatable {
    package let event: RunEvent
    /// Unix time in seconds.
    package let time: Double

    package init(event: RunEvent, time: Double) {
        self.event = event
        self.time = time
    }
}
