public import MusterModel

/// An agent's call of a framework that a flow program links: the verb `plan`. One JSON value on standard input, one
/// ``PlanAnswer`` on standard output. Pure, so a call may be repeated.
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

    /// Calls `framework` and returns its answer.
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

/// The answer of a flow program to a ``PlanQuery``.
public enum PlanAnswer: Codable, Sendable, Equatable {
    case setup(ClusterSetup)
    case services(SetupPlan)
    case check([CheckedLaunch])
    case plan(LaunchPlan)
    /// The framework refuses; the reason is for people.
    case refused(reason: String)
}
