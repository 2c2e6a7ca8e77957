import Glibc
import MusterModel
import MusterWire

/// The substitute for ssh: another node's agent runs the command line.
///
/// The command's output goes to its node's log. The command is ended when this program ends.
enum ReachVerb {
    /// ssh's options that take a value.
    private static let withValue: Set<Character> = [
        "B", "b", "c", "D", "E", "e", "F", "I", "i", "J", "L", "l", "m", "O", "o", "p", "Q", "R", "S", "W", "w",
    ]

    static func run(_ arguments: [String]) -> CInt {
        guard let (host, command) = self.parse(arguments) else {
            AgentErrors.print("usage: reach [SSH-OPTIONS] HOST COMMAND…")
            return 255
        }
        do {
            switch try AgentConnection().ask(.reach(host: host, command: command)) {
            case .exited(let code): return CInt(truncatingIfNeeded: code)
            case .failed(let failure): AgentErrors.print(failure.message)
            default: AgentErrors.print("the agent gave an answer to another question")
            }
        } catch {
            AgentErrors.print("\(host) cannot be reached: \(error)")
        }
        return 255
    }

    /// The host and the command line, its words joined by spaces as ssh does.
    static func parse(_ arguments: [String]) -> (host: String, command: String)? {
        var rest = arguments[...]
        while let first = rest.first, first.hasPrefix("-"), first.count > 1 {
            rest.removeFirst()
            if first == "--" { break }
            // `-p 22` has its value in the next word, `-p22` and `-xp22` in the same.
            if let index = first.dropFirst().firstIndex(where: self.withValue.contains),
                first.index(after: index) == first.endIndex
            {
                rest = rest.dropFirst()
            }
        }
        guard let host = rest.popFirst(), !rest.isEmpty else { return nil }
        // `user@host` is the host.
        let name = host.split(separator: "@").last.map(String.init) ?? host
        return (name, rest.joined(separator: " "))
    }
}
