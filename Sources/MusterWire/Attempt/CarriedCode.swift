package import MusterModel

/// The code of a flow, for nodes that see nothing but the bucket: each has its own copy of what is named here.
package struct CarriedCode: Codable, Sendable, Hashable {
    /// A word of the flow program's command.
    package enum Word: Codable, Sendable, Hashable {
        case text(String)
        /// The node's Python interpreter, or that of the step's environment.
        case python
        /// The path of an executable file with these bytes.
        case program(name: String, file: ArtifactReference)
        /// The path of a file in an unpacked package.
        case file(package: String, path: String)
    }

    /// The digest of the flow's code package.
    package var package: String
    /// The flow program, before its verb.
    package var program: [Word]
    /// The step's own Python environment, which is the node's Python then.
    package var environment: CarriedEnvironment?

    package init(package: String, program: [Word]) {
        self.package = package
        self.program = program
    }

    /// The artifacts that the words name.
    package var artifacts: [ArtifactReference] {
        self.program.compactMap { if case .program(_, let file) = $0 { file } else { nil } }
    }

    /// The packages that the words name, and the flow's.
    package var packages: [String] {
        [self.package] + self.program.compactMap { if case .file(let package, _) = $0 { package } else { nil } }
    }
}
