import Foundation
import MusterModel

/// A place with its options as `--with` names it: `slurm`, `slurm:partition=gpu,time=60`.
struct PlaceOption: Equatable {
    let settings: PlaceSettings
    /// The amounts that every node of a step asks for there: `cpu`, `gpu`, and `memory` in megabytes.
    let resources: Resources?

    /// - Returns: nil when `text` names no place: it is a decorator of the flow's own language then.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.map(String.init), Places.isPlace(name) else { return nil }
        var options: [String: JSONValue] = [:]
        for option in Self.options(parts.dropFirst().first ?? "") {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            options[String(pair[0])] = Self.value(pair.count > 1 ? String(pair[1]) : "true")
        }
        self.resources = Self.amounts(&options)
        self.settings = PlaceSettings(name: name, options: options)
    }

    /// Takes the amounts out of the options. What is no number stays, and is refused by the place as an option.
    private static func amounts(_ options: inout [String: JSONValue]) -> Resources? {
        var found: [String: Int] = [:]
        for name in ["cpu", "gpu", "memory"] {
            guard case .int(let amount)? = options[name], amount >= 0, amount < 1 << 40 else { continue }
            found[name] = amount
            options[name] = nil
        }
        guard !found.isEmpty else { return nil }
        return Resources(cpu: found["cpu"] ?? 1, gpu: found["gpu"] ?? 0, memory: (found["memory"] ?? 0) << 20)
    }

    /// The parts between commas; commas in brackets belong to a value, as in `nodelist=n[1,3]`.
    private static func options(_ text: Substring) -> [Substring] {
        var depth = 0
        return text.split { character in
            depth += character == "[" ? 1 : character == "]" ? -1 : 0
            return character == "," && depth == 0
        }
    }

    /// A list in brackets, a number, a truth value, or text.
    private static func value(_ text: String) -> JSONValue {
        if text.hasPrefix("["), let data = text.data(using: .utf8),
            let list = try? JSONDecoder().decode(JSONValue.self, from: data)
        {
            return list
        }
        if text == "true" { return .bool(true) }
        if text == "false" { return .bool(false) }
        return Int(text).map { .int($0) } ?? .string(text)
    }
}

extension FlowManifest {
    /// The flow with all of its steps on this machine.
    var onThisMachine: FlowManifest { self.onThisMachine(but: nil) }

    /// The flow whose steps name this place or none.
    func onThisMachine(but place: String?) -> FlowManifest {
        var manifest = self
        for index in manifest.steps.indices where manifest.steps[index].settings.place?.name != place {
            manifest.steps[index].settings.place = nil
        }
        return manifest
    }

    /// The flow with all of its steps at this place, but for those that name one themselves: their options go before.
    func with(_ place: PlaceOption) -> FlowManifest {
        var manifest = self
        for index in manifest.steps.indices {
            guard let own = manifest.steps[index].settings.place else {
                manifest.steps[index].settings.place = place.settings
                if let amounts = place.resources { manifest.steps[index].settings.elsewhere = amounts }
                continue
            }
            guard own.name == place.settings.name else { continue }
            manifest.steps[index].settings.place?.options.merge(place.settings.options) { own, _ in own }
        }
        return manifest
    }
}
