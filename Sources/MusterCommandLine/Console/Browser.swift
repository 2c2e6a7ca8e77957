import MusterProcess

/// The user's browser.
enum Browser {
    /// Opens an address or a file in the program that `$BROWSER` names, or by `xdg-open` where there is a display; does
    /// nothing where there is neither.
    /// - Throws: ``CommandFailure`` with the program's words when it could not open it.
    static func open(_ address: String, _ context: CommandContext) async throws {
        let named = context.environment["BROWSER"].flatMap { $0.isEmpty ? nil : $0 }
        guard let browser = ExecutableSearch.find(named ?? "xdg-open", path: context.environment["PATH"] ?? ""),
            context.environment["DISPLAY"] != nil || named != nil
        else { return }
        let spec = ProcessSpec(executable: browser, arguments: [address], environment: context.environment)
        let outcome = try await context.reactor.run(spec)
        guard outcome.status.isSuccess else {
            throw CommandFailure(
                .runFailed, "\(browser) could not open it (\(outcome.status))\(LastLines.of(outcome.standardError))")
        }
    }
}
