/// The ways in which `muster run` shows a run.
enum ConsoleStyle: Sendable, Equatable {
    /// A view at the foot of the terminal, output scrolling above it.
    case live
    /// Lines with the time in front.
    case plain
    /// One JSON object a line.
    case json
    /// Only trouble.
    case quiet

    /// The style for the options and the kind of output.
    static func choose(json: Bool, quiet: Bool, isTerminal: Bool, environment: [String: String]) -> ConsoleStyle {
        if json { return .json }
        if quiet { return .quiet }
        return isTerminal && environment["TERM"] != "dumb" ? .live : .plain
    }
}
