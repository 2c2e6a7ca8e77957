public import MusterModel

/// What an agent asks a flow program about a framework that the program brought: the verb `plan`. One JSON value on
/// standard input, one ``PlanAnswer`` on standard output; a pure function, so it may be asked twice.
public enum PlanQuery: Codable, Sendable, Equatable {
    case setup(framework: String, settings: [String: JSONValue], size: Int)
    case services(framework: String, settings: [String: JSONValue], context: SetupContext)
    /// For each of `nodes`, in order.
    case check(framework: String, options: [String: JSONValue], settings: [String: JSONValue], nodes: [NodeFacts])
    case plan(request: LaunchRequest, context: LaunchContext)

    public var framework: String {
        switch self {
        case .setup(let name, _, _), .services(let name, _, _), .check(let name, _, _, _): name
        case .plan(let request, _): request.framework
        }
    }

    /// What `framework` answers.
    public func answer(by framework: any Framework) -> PlanAnswer {
        do throws(FrameworkError) {
            switch self {
            case .setup(_, let settings, let size):
                return .setup(try framework.setup(settings: settings, size: size))
            case .services(_, let settings, let context):
                return .services(try framework.services(settings: settings, context))
            case .check(_, let options, let settings, let nodes):
                var checked: [CheckedLaunch] = []
                for node in nodes {
                    checked.append(try framework.check(options: options, settings: settings, node: node))
                }
                return .check(checked)
            case .plan(let request, let context):
                return .plan(try framework.plan(request, context))
            }
        } catch {
            return .refused(reason: error.message)
        }
    }
}

/// What a flow program answers to a ``PlanQuery``.
public enum PlanAnswer: Codable, Sendable, Equatable {
    case setup(ClusterSetup)
    case services(SetupPlan)
    case check([CheckedLaunch])
    case plan(LaunchPlan)
    /// What was asked cannot be done; the reason is for a person.
    case refused(reason: String)
}
