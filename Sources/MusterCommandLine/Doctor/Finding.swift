/// One thing that `muster doctor` has looked at.
struct Finding: Encodable, Sendable, Equatable {
    enum Status: String, Encodable, Sendable {
        /// It works.
        case ok
        /// It is not there, or is unusual; only some flows need it.
        case note
        /// It is needed and does not work.
        case missing
    }

    /// A word: `agent`, `store`.
    var subject: String
    var status: Status
    /// The observation, in words.
    var text: String
    /// The remedy; nil for a part that works.
    var remedy: String?

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(subject: subject, status: .ok, text: text)
    }

    static func note(_ subject: String, _ text: String, _ remedy: String? = nil) -> Finding {
        Finding(subject: subject, status: .note, text: text, remedy: remedy)
    }

    static func missing(_ subject: String, _ text: String, _ remedy: String? = nil) -> Finding {
        Finding(subject: subject, status: .missing, text: text, remedy: remedy)
    }

    /// A line for people.
    var line: String {
        let status = self.status.rawValue.padding(8)
        return "\(status)\(self.subject.padding(12))\(self.text)\(self.remedy.map { "; \($0)" } ?? "")"
    }
}

/// Everything that was found. Its JSON is the output of `muster doctor --json`.
struct Diagnosis: Encodable, Equatable {
    /// `local`, or the place that was asked for.
    var place: String
    /// Everything that is needed works.
    var works: Bool
    var findings: [Finding]

    init(place: String, _ findings: [Finding]) {
        self.place = place
        self.works = findings.allSatisfy { $0.status != .missing }
        self.findings = findings
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - self.count))
    }
}
