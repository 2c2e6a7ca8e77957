/// What every framework promises, whoever wrote it.
public enum FrameworkRule: String, Sendable, CaseIterable {
    /// The same question has the same answer, and all nodes hear the same request.
    case deterministic
    /// Gangs of every size are planned, of one node too.
    case everySize
    /// A setting that is not known is refused before anything starts, by a message that names it.
    case unknownSetting
    /// An option that is not known is refused by a message that names it.
    case unknownOption
    /// A text with a NUL character, which no process could be given, is refused.
    case textWithNul
    /// The arguments of a launch arrive in some process byte for byte.
    case arguments
    /// A variable of the user reaches every process with its value, unless the framework claims it for its own.
    case environment
    /// The variables that say which node this is are nobody's to set.
    case identity
    /// A port comes from the roster or the context, never from the framework.
    case ports
    /// Files lie below the folder of the context, each at a place of its own.
    case files
    /// Processes have names, and no two of a gang the same.
    case labels
    /// A node starts something exactly when its request announced processes, and no more of them than that.
    case processes
    /// Ranks are numbered from 0 without a gap, over all nodes.
    case ranks
    /// Everything survives JSON, in which it travels between programs.
    case coding
    /// Services start in the stages that the setup announces.
    case stages
    /// Where bodies run on the control node alone, it alone is asked for launches.
    case bodies
    /// Hosts that a launcher reaches are the gang's nodes, by the same names everywhere.
    case hosts
    /// Exit code 0 is success, any failed exit has a verdict, and a launcher is blamed last.
    case exits
}
