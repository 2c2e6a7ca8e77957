import FoundationEssentials
public import MusterModel

/// The return value of a step: the transition to the next step. ``Flow()`` writes one constructor per step of the flow.
public protocol NextStep {
    /// The transition that was chosen.
    var departure: Departure { get }
}

/// A transition together with what it carries.
public struct Departure {
    /// The transition; the count of a foreach is known.
    public let transition: Transition
    /// Writes each element of a foreach, in order.
    let writeItems: ((_ file: inout ItemFile) throws -> Void)?

    private init(_ transition: Transition, writeItems: ((_ file: inout ItemFile) throws -> Void)? = nil) {
        self.transition = transition
        self.writeItems = writeItems
    }

    /// To one step.
    public static func step(_ name: String) -> Departure { Departure(.step(to: name)) }

    /// To several steps at once, joined later.
    public static func branches(_ names: [String]) -> Departure { Departure(.branches(to: names)) }

    /// To one task of a step per element of `items`.
    public static func foreach(_ name: String, _ items: some Collection<some Encodable>) -> Departure {
        Departure(.foreach(to: name, count: items.count)) { file in
            for (index, item) in items.enumerated() {
                do {
                    try file.append(item)
                } catch let error as EncodingError {
                    throw StepFailure(.body, "element \(index) of the foreach over '\(name)' is not JSON: \(error)")
                }
            }
        }
    }

    /// To a step that runs on a gang of `count` nodes.
    public static func nodes(_ name: String, _ count: Int) -> Departure {
        Departure(.nodes(to: name, count: count))
    }

    /// To a step that runs on a gang of as many nodes as can be had, within `counts`.
    public static func nodes(_ name: String, _ counts: ClosedRange<Int>) -> Departure {
        Departure(.nodes(to: name, count: counts.upperBound, minimum: counts.lowerBound))
    }
}
