import Foundation

// Forms one gang of the given size and prints seconds, messages per node and bytes per node.
guard let size = CommandLine.arguments.dropFirst().first.flatMap(Int.init), size > 1 else {
    FileHandle.standardError.write(Data("usage: FormationBenchmark NODES\n".utf8))
    exit(2)
}
let figures = try await GangSimulation(size: size).run()
print(figures.seconds, figures.messagesPerNode, figures.bytesPerNode)
