import Crypto
import Foundation
import MusterBackends
import MusterModel
import MusterSystem

/// The labels and names by which a gang's objects are found again.
enum GangLabels {
    static let manager = "app.kubernetes.io/managed-by"
    /// How the names of all jobs of a run in a store begin.
    static let run = "muster.dev/run"
    static let job = "muster.dev/job"
    static let node = "muster.dev/node"

    /// - Returns: Labels by which people select, too: flow, number of the run, step.
    static func of(_ launch: GangLaunch) -> [String: String] {
        [
            self.manager: "muster", self.run: self.run(ofJob: launch.name), self.job: launch.name,
            "muster.dev/flow": self.value(launch.attempt.flow), "muster.dev/run-id": self.value(launch.attempt.run),
            "muster.dev/step": self.value(launch.attempt.step),
            "muster.dev/attempt": "\(launch.attempt.task).\(launch.attempt.attempt)",
        ]
    }

    /// The beginning of a job's name as a label's value, which ends with a letter or a digit.
    static func run(ofJob name: String) -> String {
        let prefix = JobName.prefix(ofName: name)
        return prefix.hasSuffix("-") ? String(prefix.dropLast()) : prefix
    }

    /// Any text as the value of a label: at most 63 of `[A-Za-z0-9._-]`, with letters or digits at both ends. Different
    /// texts have different values.
    static func value(_ text: String) -> String {
        let kept = String(
            text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "_" })
        let isWhole =
            kept == text && text.count <= 63 && text.first?.isAlphanumeric == true && text.last?.isAlphanumeric == true
        if isWhole || text.isEmpty { return text }
        let digest = Hexadecimal.text(SHA256.hash(data: Data(text.utf8))).prefix(8)
        let middle = kept.drop { !$0.isAlphanumeric }.prefix(54)
        return middle.isEmpty ? String(digest) : "\(middle)-\(digest)"
    }
}

extension Character {
    fileprivate var isAlphanumeric: Bool { self.isASCII && (self.isLetter || self.isNumber) }
}
