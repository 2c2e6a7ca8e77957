import ArgumentParser
import Logging
import MusterBackends
import MusterHistory
import MusterModel
import MusterStore

/// `muster doctor`
struct DoctorVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Tell whether flows can run here, or at a place, and what is missing.",
        discussion: """
            Each line says ok, note (only some flows need it) or missing, and what to do. With --probe a job of one node \
            looks at the store, the agent and Python from there, and is removed. Exit code 0: all that is needed works.
            """)

    @Argument(help: "The flow whose muster.yaml counts. (default: the one in this folder)") var name: String?
    @Option(
        name: .long,
        help: ArgumentHelp("The place: slurm, slurm:partition=gpu, or a backend program's.", valueName: "place")
    )
    var on: String?
    @Flag(name: .long, help: "Submit a job of one node that looks at its node.") var probe = false
    @Option(
        name: .long, help: ArgumentHelp("Seconds for that job to start and end. (default: 300)", valueName: "seconds"))
    var timeout: Double = 300
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var settings: SettingOptions
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard !self.probe || self.placeName != nil else {
            throw ValidationError("--probe needs a place with a queue: --on slurm, for instance")
        }
        guard self.timeout > 0 else { throw ValidationError("--timeout is \(self.timeout); it has to be more than 0") }
    }

    /// The place without its options; nil for this machine.
    private var placeName: String? {
        let name = self.on?.split(separator: ":", maxSplits: 1).first.map(String.init)
        return name == "local" ? nil : name
    }

    func run() async throws {
        let diagnosis = Diagnosis(place: self.placeName ?? "local", await self.findings())
        if self.json {
            StandardStream.output.line(try JSONText.page(diagnosis))
        } else {
            for finding in diagnosis.findings { StandardStream.output.line(PrintableText.of(finding.line)) }
        }
        guard diagnosis.works else { throw CommandFailure(.runFailed, "") }
    }

    private func findings() async -> [Finding] {
        let context: CommandContext
        let layout: StoreLayout
        do {
            let given = try self.settings.given.merging(self.store.given) { $1 }
            context = try CommandContext(flow: self.name, self.flow, given: given)
            layout = try StoreLayout(context.settings)
        } catch {
            return [.missing("settings", CommandFailure(error).message, "`muster config` shows all of them")]
        }
        let machine = await MachineCheck(context: context, layout: layout).findings()
        let bucket = await BucketCheck(settings: context.settings).findings()
        let findings = [Finding.ok("settings", "all files can be read")] + machine + bucket
        guard let name = self.placeName else { return findings }
        return findings + (await self.place(name, context, layout))
    }

    private func place(_ name: String, _ context: CommandContext, _ layout: StoreLayout) async -> [Finding] {
        guard let option = self.on.flatMap({ PlaceOption($0) }) else {
            return [
                .missing(
                    "place", "there is no place \(name)",
                    "it is \(KnownPlaces.names.joined(separator: ", ")), or one with a program \(ProgramBackend.prefix)\(name) on the PATH"
                )
            ]
        }
        var findings: [Finding] = []
        if name == SlurmBackend.name {
            let partition = option.settings.options["partition"].flatMap {
                if case .string(let text) = $0 { text } else { nil }
            }
            findings = await SlurmCheck(context, layout, partition: partition).findings()
        }
        // Its nodes see nothing of this machine's folders.
        if let findings = await PlaceFindings(context, option.settings).findings() {
            guard self.probe, findings.allSatisfy({ $0.status != .missing }) else { return findings }
            return findings + (await self.probeBucket(name, option.settings, context, layout))
        }
        let kind = FileSystemKind(of: layout.root)
        if !kind.isNetwork, !self.probe {
            findings.append(
                .note(
                    "store there", "\(layout.root) is on \(kind.name), which may be this machine's alone",
                    "all nodes have to see it under this path; --probe tells whether they do"))
        }
        guard findings.allSatisfy({ $0.status != .missing }) else { return findings }
        return findings + (await self.backend(name, option.settings, context, layout))
    }

    private func backend(
        _ name: String, _ place: PlaceSettings, _ context: CommandContext, _ layout: StoreLayout
    ) async -> [Finding] {
        do {
            let agent = try context.agent()
            let backend = try await Places(context, layout, nil).backend(of: name, log: .silent)
            let limits = backend.capabilities
            var findings = [
                Finding.ok(
                    "backend",
                    "\(name) answers; gangs of \(limits.largestGang.map { "at most \($0) nodes" } ?? "any size"), a look every \(TimeText.duration(limits.lookEvery))"
                )
            ]
            guard self.probe else { return findings }
            findings += await self.findings(of: ProbeFolder(layout: layout, agent: agent), place, backend)
            return findings
        } catch {
            return [.missing("backend", CommandFailure(error).message)]
        }
    }

    /// A probe at a place whose nodes see nothing but the bucket.
    private func probeBucket(
        _ name: String, _ place: PlaceSettings, _ context: CommandContext, _ layout: StoreLayout
    ) async -> [Finding] {
        do {
            guard let nodes = try BucketNodes(context.settings, layout) else { return [] }
            let places = try Places(context, layout, nodes)
            let store = ProbeBucket(
                nodes: nodes, name: places.storeName,
                agent: try await places.agentCommand(at: name, nodes, isDry: false))
            return await self.findings(of: store, place, try await places.backend(of: name, log: .silent))
        } catch {
            return [.missing("probe", CommandFailure(error).message)]
        }
    }

    private func findings(
        of store: some ProbeStore, _ place: PlaceSettings, _ backend: some ComputeBackend
    ) async -> [Finding] {
        let probe = Probe(store: store, place: place, timeout: self.timeout) {
            StandardStream.error.line("muster: \($0)")
        }
        return await probe.findings(backend)
    }
}
