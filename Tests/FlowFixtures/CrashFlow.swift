import FoundationEssentials
import Muster

#if canImport(Glibc)
    @preconcurrency import Glibc
#else
    @preconcurrency import Darwin
#endif

/// A flow whose program dies while it is asked to describe itself. `MUSTER_CRASH` says how: `signal`, `exit`,
/// `garbage` (text that is no manifest) or `silence`.
@Flow
struct CrashFlow {
    @Parameter("Evaluated in describe.") var value = CrashFlow.misbehave()

    @Step func start() -> Next { .end }
    @Step func end() { print("no crash: \(value)") }

    private static func misbehave() -> Int {
        guard CommandLine.arguments.dropFirst().first == "describe" else { return 1 }
        switch ProcessInfo.processInfo.environment["MUSTER_CRASH"] {
        case "signal":
            fputs("about to die\n", stderr)
            abort()
        case "exit":
            fputs("about to leave\n", stderr)
            exit(3)
        case "garbage":
            print("this is no manifest")
            exit(0)
        case "silence": exit(0)
        default: break
        }
        return 1
    }
}
