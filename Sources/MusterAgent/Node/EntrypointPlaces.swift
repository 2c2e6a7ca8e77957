import Glibc
import MusterFrameworks
import MusterWire

/// The search path for the files of a launch: the flow's folder, then the folder where the flow was started.
struct EntrypointPlaces: CustomStringConvertible {
    private let flow: String
    private let work: String

    init(_ spec: NodeSpec, _ folder: NodeFolder) {
        self.flow = spec.inPlace?.flowFolder ?? folder.work
        self.work = folder.work
    }

    /// The path by which a program in the work folder finds `file`; nil when it is in neither folder. A name that is valid in
    /// the work folder is returned unchanged.
    func path(of file: String) -> String? {
        if file.hasPrefix("/") { return Self.isReadable(file) ? file : nil }
        if self.flow != self.work, Self.isReadable("\(self.flow)/\(file)") { return "\(self.flow)/\(file)" }
        return Self.isReadable("\(self.work)/\(file)") ? file : nil
    }

    /// A command with the paths of its program and of the script that it runs.
    func placed(_ command: [String]) -> [String] {
        guard let program = command.first else { return command }
        var command = command
        if program.contains("/") { command[0] = self.path(of: program) ?? program }
        if let index = ScriptRunner.scriptIndex(of: program, Array(command.dropFirst())) {
            command[index + 1] = self.path(of: command[index + 1]) ?? command[index + 1]
        }
        return command
    }

    /// For a message that something does not exist.
    var description: String {
        self.flow == self.work
            ? "in the work folder \(self.work)" : "beside the flow in \(self.flow), nor in \(self.work)"
    }

    private static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
