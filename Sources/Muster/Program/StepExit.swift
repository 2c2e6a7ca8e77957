import MusterModel
import MusterSystem

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Musl)
    @preconcurrency import Musl
#else
    @preconcurrency import Darwin
#endif

/// Ends the program with a message, for code that cannot throw.
enum StepExit {
    /// Ends the program with a message and exit code 1.
    static func now(_ message: String) -> Never {
        self.report(message)
        exit(1)
    }

    /// Writes a message to standard error.
    static func report(_ message: String) {
        let line = Array("\(message)\n".utf8)
        // A write to a closed standard error is ignored.
        try? line.withUnsafeBytes { try OpenFile.write($0, to: STDERR_FILENO, called: "standard error") }
    }

    /// Makes standard output line-buffered: it goes to a log that people follow.
    static func bufferLines() {
        setvbuf(stdout, nil, CInt(_IOLBF), 0)
    }
}
