import FoundationEssentials
import MusterFrameworks
import MusterModel
import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The verb `plan`: calls a framework that this flow's decorators bring. One query on standard input, one answer on
/// standard output.
enum PlanProgram<Root: Flow> {
    static func run() -> CInt {
        do {
            let query = try JSONDecoder().decode(PlanQuery.self, from: Self.input())
            guard let framework = self.framework(query.framework) else {
                StepExit.report("flow \(Root.definition.name) brings no framework called '\(query.framework)'")
                return 1
            }
            var answer = try JSONEncoder().encode(query.answer(by: framework))
            answer.append(UInt8(ascii: "\n"))
            try answer.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO, called: "standard output") }
            return 0
        } catch {
            StepExit.report("the question about a framework could not be answered: \(error)")
            return 1
        }
    }

    private static func framework(_ name: String) -> (any Framework)? {
        Root.definition.steps.lazy.flatMap(\.decorators).compactMap(\.framework).first { type(of: $0).name == name }
    }

    private static func input() -> Data {
        var data = Data()
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(STDIN_FILENO, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return data }
            data.append(contentsOf: chunk[..<count])
        }
    }
}
