import MusterBackends

/// A node's command in its two parts: what is the same for all gangs stands in the job definition, and the words behind it
/// in one variable of the submission. AWS keeps every definition for ever and limits what a submission may add.
struct BatchCommand: Sendable, Hashable {
    static let variable = "MUSTER_WORDS"

    let definition: [String]
    let words: String

    /// Takes the words out of their variable: one on each line.
    private static let prologue = """
        set -f; IFS='
        '; set -- $\(variable); unset IFS \(variable); set +f

        """

    /// - Parameter command: `/bin/sh -c SCRIPT [NAME WORD…]`
    /// - Throws: A ``BackendError`` for another command.
    init(_ command: [String]) throws(BackendError) {
        guard command.count >= 3, command[1] == "-c", !command.contains(where: \.isEmpty),
            !command.dropFirst(4).contains(where: { $0.contains("\n") })
        else {
            throw BackendError(
                code: .refused, message: "the command of a node on AWS Batch has to be a shell's text and words",
                isTransient: false)
        }
        self.definition = [command[0], "-c", Self.prologue + command[2]] + command.dropFirst(3).prefix(1)
        self.words = command.dropFirst(4).joined(separator: "\n")
    }
}
