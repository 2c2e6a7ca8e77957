/// The rules of the protocol `Framework`.
public enum FrameworkRule: String, Sendable, CaseIterable {
    /// Equal input gives equal output, and all nodes get the same checked request.
    case deterministic
    /// Gangs of every size can be planned, also of one node.
    case everySize
    /// An unknown setting is refused before anything starts, by a message that names it.
    case unknownSetting
    /// An unknown option is refused by a message that names it.
    case unknownOption
    /// A text with a NUL character, which exec cannot pass on, is refused.
    case textWithNul
    /// The arguments of a launch reach some process unchanged, byte for byte.
    case arguments
    /// A user's variable reaches every process with its value, unless the framework reserves the name.
    case environment
    /// Variables that identify the node are not changed.
    case identity
    /// Every port comes from the roster or the context; none is a constant of the framework.
    case ports
    /// Files lie below the folder of the context, at distinct paths.
    case files
    /// Processes have names that are unique in the gang.
    case labels
    /// A node starts processes if and only if its request announced some, and at most that many.
    case processes
    /// Ranks are numbered from 0 without a gap, over all nodes.
    case ranks
    /// All values survive encoding to JSON and decoding.
    case coding
    /// Services use only the stages that the setup announces.
    case stages
    /// If bodies run on the control node alone, only it makes requests.
    case bodies
    /// The hosts of remote commands are the gang's nodes, with the same names on all nodes.
    case hosts
    /// Exit code 0 is success, every failed exit gets a verdict, and launchers come last in the order of blame.
    case exits
}
