import ArgumentParser
import MusterEngine
import MusterModel

/// The options that `run` and `resume` share.
struct RunOptions: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("How many nodes may run at once. (default: 16)", valueName: "count"))
    var maxWorkers: Int?

    @Option(
        name: .long, help: ArgumentHelp("Write the run's id into this file once the run exists.", valueName: "file"))
    var runIdFile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write the run's id, the flow's name and the store into this file, as JSON, as Metaflow does.",
            valueName: "file"))
    var runnerAttributeFile: String?

    @Option(name: .long, help: ArgumentHelp("Tag the run; may be given several times.", valueName: "tag"))
    var tag: [String] = []

    @Option(name: .long, help: ArgumentHelp("Whose runs a client of this run looks at.", valueName: "namespace"))
    var namespace: String?

    @Option(
        name: .long,
        help: ArgumentHelp("How many tasks one foreach may have; a wider one fails. (default: any)", valueName: "count")
    )
    var maxNumSplits: Int?

    @Option(
        name: .long, help: ArgumentHelp("Accepted, and changes nothing: logs are kept whole.", valueName: "megabytes"))
    var maxLogSize: Int?

    @Flag(
        name: .long,
        help: "Run every step in a copy of the code package of its own, as in other places, instead of in this folder.")
    var isolated = false

    @Flag(name: .long, help: "Let others read the store, as the umask says; a new one is yours alone otherwise.")
    var shared = false

    @Flag(name: .long, help: "Start the flow program anew for every task, also where it could serve them.")
    var noServe = false

    @Flag(name: .long, help: "Reserve no GPUs, whatever steps ask for.")
    var withoutGpus = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Run every step at this place, whatever the flow says: local keeps all of them on this machine.",
            valueName: "place"))
    var on: String?

    @Flag(
        name: .long,
        help: "Return when the run is recorded, and go on without this terminal; `muster attach` shows the run again.")
    var detach = false

    /// This command is the engine that another one, which was told to detach, waits for.
    @Flag(name: .long, help: .hidden)
    var detachedEngine = false

    @OptionGroup var settings: SettingOptions

    @Flag(name: .long, help: "Show nothing but warnings and failures.")
    var quiet = false

    @Flag(name: .long, help: "Print what happens as JSON, one object a line.")
    var json = false

    mutating func validate() throws {
        if let count = self.maxWorkers, count < 1 {
            throw ValidationError("--max-workers is \(count); it has to be 1 or more")
        }
        if let count = self.maxNumSplits, count < 1 {
            throw ValidationError("--max-num-splits is \(count); it has to be 1 or more")
        }
        if let tag = self.tag.first(where: { !RunTag.isOne($0) }) { throw ValidationError(RunTag.refusal(tag)) }
        guard !(self.quiet && self.json) else { throw ValidationError("--quiet and --json exclude each other") }
    }

    /// The start of an engine that goes on without this command; nil for a command that moves its run itself.
    func detachment(_ store: StoreOptions) -> Detachment? {
        guard self.detach, !self.detachedEngine else { return nil }
        return Detachment(store: store, isQuiet: self.quiet, isJSON: self.json)
    }

    /// Settings that options say, by the key's name.
    var given: [String: GivenSetting] {
        get throws {
            var given = try self.settings.given
            if let count = self.maxWorkers { given["run.max-workers"] = .option("--max-workers", "\(count)") }
            if let count = self.maxNumSplits { given["run.max-num-splits"] = .option("--max-num-splits", "\(count)") }
            if self.isolated { given["run.isolated"] = .option("--isolated", "true") }
            if self.noServe { given["run.serve"] = .option("--no-serve", "false") }
            if self.withoutGpus { given["run.gpus"] = .option("--without-gpus", "false") }
            if self.shared { given["run.shared"] = .option("--shared", "true") }
            return given
        }
    }

    /// A sentence for each option that has no effect.
    var notes: [String] {
        self.maxLogSize == nil ? [] : ["--max-log-size does not count here: logs are kept whole"]
    }

    /// The manifest with each step at its place: that of ``on``, else its own, else that of the settings.
    /// - Throws: ``CommandFailure`` for a place that nobody knows.
    func placed(_ manifest: FlowManifest, _ settings: RunSettings) throws -> FlowManifest {
        guard let place = self.on else { return settings.placed(manifest) }
        if place == "local" { return manifest.onThisMachine }
        guard let option = PlaceOption(place) else {
            throw CommandFailure(
                .usage,
                "--on \(place): there is no such place; it is local, slurm, or one with a program muster-backend-NAME on the PATH"
            )
        }
        return settings.placed(manifest).onThisMachine(but: option.settings.name).with(option)
    }

    var label: RunLabel { RunLabel(tags: self.tag, namespace: self.namespace) }
}

extension RunSettings {
    /// The decorators that the flow program puts on its steps: those of ``decorators`` that name no place.
    var flowDecorators: [String] { self.decorators.filter { PlaceOption($0) == nil } }

    /// The manifest with its steps at the places that ``decorators`` names.
    func placed(_ manifest: FlowManifest) -> FlowManifest {
        self.decorators.compactMap(PlaceOption.init).reduce(manifest) { $0.with($1) }
    }

    /// The manifest as a run takes it.
    func served(_ manifest: FlowManifest) -> FlowManifest {
        var manifest = manifest
        if !self.serves { manifest.serves = false }
        if !self.reservesGPUs {
            for index in manifest.steps.indices {
                manifest.steps[index].settings.resources?.gpu = 0
                manifest.steps[index].settings.elsewhere?.gpu = 0
            }
        }
        return manifest
    }
}
