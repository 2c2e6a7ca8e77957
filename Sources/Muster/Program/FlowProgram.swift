import FoundationEssentials
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import MusterModel

/// What the executable of a flow does with its arguments.
enum FlowProgram<Root: Flow> {
    /// Answers `describe`, `step`, `serve` and `plan`, hands everything else over to `muster`, and ends the process.
    static func run(arguments: [String]) -> Never {
        let verb = arguments.dropFirst().first
        switch verb {
        case "describe": exit(self.describe())
        case "step": self.step(Array(arguments.dropFirst(2)))
        case "serve": ServeProgram<Root>.run()
        case "plan": exit(PlanProgram<Root>.run())
        default: MusterCommand.takeOver(arguments)
        }
    }

    private static func describe() -> CInt {
        do {
            let folder = FilePaths.parent(of: MusterCommand.programPath(CommandLine.arguments.first))
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
            var text = try encoder.encode(Root.definition.manifest(fallbackFolder: folder))
            text.append(UInt8(ascii: "\n"))
            try text.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO) }
            return 0
        } catch {
            StepExit.report("the flow could not be described: \(error)")
            return 1
        }
    }

    private static func step(_ arguments: [String]) -> Never {
        guard arguments.count == 3, arguments[1] == "--folder" else {
            StepExit.report("usage: step NAME --folder TASKFOLDER (muster's agent calls this; people want `run`)")
            exit(64)
        }
        self.step(arguments[0], folder: arguments[2])
    }

    /// Runs a step body as this process's main task, and ends the process.
    static func step(_ name: String, folder: String) -> Never {
        StepExit.bufferLines()
        let executor = MainThreadFirst()
        Task(executorPreference: executor) {
            exit(await StepProgram<Root>(folder: TaskFolder(path: folder)).run(name))
        }
        executor.run()
    }
}
