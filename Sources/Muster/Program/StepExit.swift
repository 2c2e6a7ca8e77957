import MusterModel
import MusterSystem

#if canImport(Glibc)
    @preconcurrency import Glibc
#elseif canImport(Musl)
    @preconcurrency import Musl
#else
    @preconcurrency import Darwin
#endif

/// The ways out of the program for what cannot throw.
enum StepExit {
    /// Ends the program with a message and exit code 1.
    static func now(_ message: String) -> Never {
        self.report(message)
        exit(1)
    }

    /// Writes a message to standard error.
    static func report(_ message: String) {
        let line = Array("\(message)\n".utf8)
        // Where standard error is gone there is nobody left to tell.
        try? line.withUnsafeBytes { try OpenFile.write($0, to: STDERR_FILENO, called: "standard error") }
    }

    /// Lets every line of output leave when it is complete: it goes to a log that somebody follows.
    static func bufferLines() {
        setvbuf(stdout, nil, CInt(_IOLBF), 0)
    }
}
