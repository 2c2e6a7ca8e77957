import Foundation
import MusterAgent

// Forms one gang of as many nodes as the argument says, and prints seconds, messages and bytes per node.
guard let size = CommandLine.arguments.dropFirst().first.flatMap(Int.init), size > 1 else {
    FileHandle.standardError.write(Data("usage: FormationBenchmark NODES\n".utf8))
    exit(2)
}
let figures = try await GangRehearsal(size: size).run()
print(figures.seconds, figures.messagesPerNode, figures.bytesPerNode)
