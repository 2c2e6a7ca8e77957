import Glibc
import MusterCommandLine

/// The command: see ``MusterCommand``.
@main
enum Muster {
    static func main() async {
        StandardDescriptors.complete()
        exit(await MusterCommand.execute(Array(CommandLine.arguments.dropFirst())))
    }
}
