import Muster

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Says something, waits for a file, and says something else: its log grows while somebody looks.
@Flow
struct WaitingFlow {
    @Parameter("The file that is waited for.") var file: String

    @Step func start() async throws -> Next {
        print("before")
        while access(file, F_OK) != 0 { try await Task.sleep(for: .milliseconds(20)) }
        print("after", terminator: "")
        return .end
    }

    @Step func end() {}
}
