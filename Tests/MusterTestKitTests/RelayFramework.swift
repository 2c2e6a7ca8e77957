import MusterFrameworks
import MusterModel
import Synchronization

/// A framework made up for the tests: a keeper on every node, one runner per cpu, and hosts that a launcher could reach.
///
/// With a fault it breaks exactly one promise.
struct RelayFramework: Framework {
    static let name = "relay"

    enum Fault: String, CaseIterable {
        case countsItsCalls, followsTheOrderOfADictionary, tellsNodesDifferently, needsTwoNodes
        case takesAnySetting, takesAnyOption, namesNoOption, takesNul
        case splitsAtSpaces, dropsEmptyArguments, composesCharacters
        case losesTheEnvironment, overwritesADefault, overwritesWithItsService, movesTheNode, inventsAnIdentity
        case hasAPortOfItsOwn, servesAtAPortOfItsOwn, writesElsewhere, climbsOut, writesTwice, looksElsewhere
        case callsAllTheSame, callsNothing, announcesOneLess, startsRanksAtOne, countsTheWorldWrong
        case waitsForEver, startsALateStage, asksEveryNode, losesAHost, namesHostsDifferently
        case takesAnyExit, takesNoExit, blamesTheLauncher

        var rule: FrameworkRuleName {
            switch self {
            case .countsItsCalls, .followsTheOrderOfADictionary, .tellsNodesDifferently: "deterministic"
            case .needsTwoNodes: "everySize"
            case .takesAnySetting: "unknownSetting"
            case .takesAnyOption, .namesNoOption: "unknownOption"
            case .takesNul: "textWithNul"
            case .splitsAtSpaces, .dropsEmptyArguments, .composesCharacters: "arguments"
            case .losesTheEnvironment, .overwritesADefault, .overwritesWithItsService: "environment"
            case .movesTheNode, .inventsAnIdentity: "identity"
            case .hasAPortOfItsOwn, .servesAtAPortOfItsOwn: "ports"
            case .writesElsewhere, .climbsOut, .writesTwice, .looksElsewhere: "files"
            case .callsAllTheSame, .callsNothing: "labels"
            case .announcesOneLess: "processes"
            case .startsRanksAtOne, .countsTheWorldWrong: "ranks"
            case .waitsForEver: "coding"
            case .startsALateStage: "stages"
            case .asksEveryNode: "bodies"
            case .losesAHost, .namesHostsDifferently: "hosts"
            case .takesAnyExit, .takesNoExit, .blamesTheLauncher: "exits"
            }
        }
    }

    typealias FrameworkRuleName = String

    var fault: Fault?
    private static let calls = Atomic<Int>(0)

    // MARK: The cluster

    func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        if self.fault == .needsTwoNodes, size == 1 { throw FrameworkError("relay: one node is no relay") }
        if self.fault != .takesAnySetting { try self.refuseUnknown(settings, known: ["team"], "setting") }
        _ = try self.text(settings, "team")
        return ClusterSetup(
            bodies: .controlNode, ports: 1, stages: 1, deadline: self.fault == .waitsForEver ? .infinity : 30)
    }

    func services(settings: [String: JSONValue], _ context: SetupContext) throws(FrameworkError) -> SetupPlan {
        let port = self.fault == .servesAtAPortOfItsOwn ? 29500 : context.roster.nodes[context.node].ports[0]
        var environment = ["RELAY_PACE": context.environment["RELAY_PACE"] ?? "steady"]
        if self.fault == .overwritesWithItsService { environment["RELAY_PACE"] = "fast" }
        if self.fault == .inventsAnIdentity { environment["MUSTER_CAPTAIN"] = "yes" }
        if self.fault == .countsItsCalls {
            environment["RELAY_CALL"] = "\(Self.calls.add(1, ordering: .relaxed).newValue)"
        }
        let keeper = PlannedProcess(
            label: "the keeper", arguments: ["keeper", "--listen", "\(port)"], environment: context.environment)
        let folder = self.fault == .looksElsewhere ? "/tmp" : context.folder
        return SetupPlan(
            services: [
                PlannedService(
                    process: keeper, stage: self.fault == .startsALateStage ? 1 : 0,
                    readiness: .first(of: [.file(path: "\(folder)/keeper.log", text: "keeping"), .port(number: port)]))
            ], environment: environment)
    }

    // MARK: Launches

    func check(
        options: [String: JSONValue], settings: [String: JSONValue], node: NodeFacts
    ) throws(FrameworkError) -> CheckedLaunch {
        if self.fault == .namesNoOption, options["noSuchThing"] != nil { throw FrameworkError("relay: no") }
        if self.fault != .takesAnyOption { try self.refuseUnknown(options, known: ["words"], "option") }
        let words = try self.words(options)
        var checked: [String: JSONValue] = ["words": .array(words.map(JSONValue.string))]
        if self.fault == .tellsNodesDifferently { checked["node"] = .int(node.index) }
        return CheckedLaunch(
            request: LaunchRequest(
                framework: Self.name, options: checked,
                processes: node.cpus - (self.fault == .announcesOneLess ? 1 : 0),
                asker: self.fault == .asksEveryNode ? .everyNode : .controlNode), files: [])
    }

    func plan(_ request: LaunchRequest, _ context: LaunchContext) throws(FrameworkError) -> LaunchPlan {
        let words = try self.words(request.options)
        let count = context.roster.nodes[context.node].cpus
        var files = [PlannedFile(path: "\(context.folder)/baton", contents: "\(context.runID)\n")]
        switch self.fault {
        case .writesElsewhere: files[0].path = "/tmp/baton"
        case .climbsOut: files[0].path = "\(context.folder)/../baton"
        case .writesTwice: files += files
        default: break
        }
        return LaunchPlan(
            processes: (0..<count).map { self.runner($0, words, context) }, files: files,
            remote: PlannedRemote(hosts: self.hosts(context), label: "the relay's daemon"), reading: self.reading)
    }

    private func runner(_ local: Int, _ words: [String], _ context: LaunchContext) -> PlannedProcess {
        let nodes = context.roster.nodes
        let rank = nodes[..<context.node].map(\.cpus).reduce(0, +) + local
        var environment = context.environment
        environment["RELAY_RANK"] = "\(self.fault == .startsRanksAtOne ? rank + 1 : rank)"
        environment["RELAY_WORLD"] =
            "\(self.fault == .countsTheWorldWrong ? nodes.count * 100 : nodes.map(\.cpus).reduce(0, +))"
        environment["RELAY_COLOUR"] = context.environment["RELAY_COLOUR"] ?? "red"
        switch self.fault {
        case .losesTheEnvironment: environment["GREETING"] = nil
        case .overwritesADefault: environment["RELAY_COLOUR"] = "red"
        case .movesTheNode: environment["MUSTER_NODE_INDEX"] = "0"
        case .followsTheOrderOfADictionary: environment["RELAY_ORDER"] = context.environment.keys.joined(separator: " ")
        default: break
        }
        let port = self.fault == .hasAPortOfItsOwn ? 29500 : context.port
        let label =
            switch self.fault {
            case .callsAllTheSame: "runner"
            case .callsNothing: ""
            default: "runner \(rank)"
            }
        return PlannedProcess(
            label: label, arguments: ["run", "--baton=\(nodes[0].address):\(port)"] + self.spoil(words),
            environment: environment)
    }

    private func spoil(_ words: [String]) -> [String] {
        switch self.fault {
        case .splitsAtSpaces:
            words.flatMap { $0.split(separator: " ", omittingEmptySubsequences: false).map(String.init) }
        case .dropsEmptyArguments: words.filter { !$0.isEmpty }
        // The same to Swift, other bytes to everybody else.
        case .composesCharacters: words.map { $0 == "e\u{301} and \u{e9}" ? "\u{e9} and \u{e9}" : $0 }
        default: words
        }
    }

    private func hosts(_ context: LaunchContext) -> [String: Int] {
        let prefix = self.fault == .namesHostsDifferently ? "from-\(context.node)-" : ""
        let nodes = context.roster.nodes.indices.dropLast(self.fault == .losesAHost ? 1 : 0)
        return Dictionary(uniqueKeysWithValues: nodes.map { ("\(prefix)lane-\($0)", $0) })
    }

    private var reading: ExitReading {
        switch self.fault {
        case .takesAnyExit: ExitReading(successCodes: Set(0...255))
        case .takesNoExit: ExitReading(successCodes: [3])
        case .blamesTheLauncher: ExitReading(blame: [.planned, .watched, .remote])
        default: ExitReading()
        }
    }

    // MARK: Reading

    private func refuseUnknown(
        _ values: [String: JSONValue], known: Set<String>, _ kind: String
    ) throws(FrameworkError) {
        guard let unknown = values.keys.filter({ !known.contains($0) }).min() else { return }
        throw FrameworkError("relay has no \(kind) '\(unknown)'")
    }

    private func text(_ values: [String: JSONValue], _ name: String) throws(FrameworkError) -> String? {
        guard case .string(let text)? = values[name] else { return nil }
        try self.refuseNul(text)
        return text
    }

    private func words(_ options: [String: JSONValue]) throws(FrameworkError) -> [String] {
        guard case .array(let items)? = options["words"] else { throw FrameworkError("relay: words are missing") }
        var words: [String] = []
        for case .string(let text) in items {
            try self.refuseNul(text)
            words.append(text)
        }
        return words
    }

    private func refuseNul(_ text: String) throws(FrameworkError) {
        guard self.fault == .takesNul || !text.utf8.contains(0) else { throw FrameworkError("relay: NUL in a text") }
    }
}
