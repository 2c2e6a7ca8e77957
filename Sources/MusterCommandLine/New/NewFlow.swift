import MusterModel

/// A flow that `muster new` makes: everything in its folder, as text.
struct NewFlow {
    /// The name of the flow's type: `first-flow` becomes `FirstFlow`, and `digits` becomes `DigitsFlow`.
    let type: String
    let language: FlowTemplate.Language
    private let template: FlowTemplate
    private let package: String?

    /// - Parameters:
    ///   - name: The folder's name.
    ///   - sources: The place from which a package in Swift takes Muster; nil for a flow in Python.
    /// - Throws: ``CommandFailure`` for a name that no type can have, or an unknown framework.
    init(name: String, language: FlowTemplate.Language, framework: String?, sources: MusterSources?)
        throws(CommandFailure)
    {
        self.type = try Self.type(name)
        self.language = language
        self.template = try FlowTemplate(language, framework: framework)
        let scripts = self.template.files.map(\.place).filter { !$0.hasSuffix(".swift") }
        self.package = sources.map { [type] in FlowPackageText.text(name: type, scripts: scripts, sources: $0) }
    }

    /// Every file, by its path in the folder.
    var files: [FlowTemplate.File] {
        let renamed = self.template.files.map {
            FlowTemplate.File(
                place: self.place($0.place), text: $0.text.replacing(self.template.flow, with: self.type))
        }
        let package = self.package.map { [FlowTemplate.File(place: "Package.swift", text: $0)] } ?? []
        return package + renamed + [
            FlowTemplate.File(place: ".gitignore", text: self.ignored),
            FlowTemplate.File(place: "README.md", text: self.readme),
        ]
    }

    /// The command that runs the flow in its folder.
    var command: String { self.language == .swift ? "muster run ." : "muster run flow.py" }

    private func place(_ place: String) -> String {
        guard self.language == .swift else { return place }
        return "Sources/\(self.type)/\(place == "Flow.swift" ? "\(self.type).swift" : place)"
    }

    private var ignored: String { self.language == .swift ? ".build/\n.muster/\n" : ".muster/\n__pycache__/\n" }

    private var readme: String {
        let way =
            self.language == .swift
            ? "`\(self.command)` builds and runs the flow here; `swift build -c release --static-swift-stdlib` makes a program for any Linux."
            : "`\(self.command)` runs the flow here, and so does `python flow.py run`; `--help` behind it lists the parameters."
        return """
            # \(self.type)
            \(way)
            `muster status`, `muster logs \(self.type)/latest` and `muster dump \(self.type)/latest/end` show what has happened.

            """
    }

    private static func type(_ name: String) throws(CommandFailure) -> String {
        let words = name.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }
        let type = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        guard let first = type.first, first.isLetter else {
            throw CommandFailure(.usage, "'\(name)' cannot name a flow; it has to begin with a letter from A to Z")
        }
        // The suffix keeps the name apart from Muster's and the language's own, such as Flow, Data and String.
        return type.hasSuffix("Flow") && type != "Flow" ? type : type + "Flow"
    }
}
