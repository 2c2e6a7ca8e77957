extension Flow {
    /// Takes over every artifact that all `inputs` agree on.
    ///
    /// Artifacts that this step has already set are left alone. Artifacts are compared by digest, without reading them.
    /// - Parameters:
    ///   - include: the names of the only artifacts to take over; nil for all of them.
    ///   - exclude: the names of artifacts to leave alone.
    /// - Throws: an error that names every artifact on which the inputs differ, or a name that is no artifact. The
    ///   flow is unchanged then.
    public mutating func merge(_ inputs: [Self], include: [String]? = nil, exclude: [String] = []) throws {
        let artifacts = Self.definition.artifacts
        let unknown = ((include ?? []) + exclude).filter { name in !artifacts.contains { $0.name == name } }
        guard unknown.isEmpty else { throw MergeError.unknown(unknown) }
        guard let first = inputs.first else { throw MergeError.empty }

        let wanted = artifacts.filter { artifact in
            (include?.contains(artifact.name) ?? true) && !exclude.contains(artifact.name) && !artifact.isChanged(self)
        }
        let ambiguous = try wanted.filter { artifact in
            try !inputs.dropFirst().allSatisfy { try artifact.agrees(first, $0) }
        }
        guard ambiguous.isEmpty else { throw MergeError.ambiguous(ambiguous.map(\.name)) }
        for artifact in wanted { artifact.adopt(&self, first) }
    }
}

/// The reason why inputs could not be merged.
public enum MergeError: Error, Equatable, CustomStringConvertible {
    /// The inputs hold different values of these artifacts.
    case ambiguous([String])
    /// These names are no artifacts of the flow.
    case unknown([String])
    case empty

    public var description: String {
        switch self {
        case .ambiguous(let names):
            "the inputs of the join differ in \(Self.list(names)); set \(names.count == 1 ? "it" : "them") before merge, "
                + "or leave \(names.count == 1 ? "it" : "them") out with exclude:"
        case .unknown(let names): "merge: the flow has no artifact \(Self.list(names))"
        case .empty: "merge: there are no inputs"
        }
    }

    private static func list(_ names: [String]) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }
}
