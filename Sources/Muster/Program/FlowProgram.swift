import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The dispatch of a flow executable's arguments.
enum FlowProgram<Root: Flow> {
    /// Handles `describe`, `step`, `serve` and `plan`, executes (`exec`) `muster` for everything else, and never
    /// returns.
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
            try text.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO, called: "standard output") }
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
        let folder = TaskFolder(path: arguments[2])
        self.step(arguments[0], in: folder, Result { try folder.readTask() })
    }

    /// Runs a step body as this process's main task and exits with its code.
    static func step(_ name: String, in folder: TaskFolder, _ task: Result<TaskFile, any Error>) -> Never {
        StepExit.bufferLines()
        let executor = MainThreadFirst()
        Task(executorPreference: executor) {
            exit(await StepProgram<Root>(folder: folder).run(name, task))
        }
        executor.run()
    }
}
