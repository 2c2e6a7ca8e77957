#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A call of the operating system that failed.
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The `errno` of the call.
    package let number: CInt
    /// The purpose of the call, as it stands after "cannot": `open /a/b`.
    package let purpose: String

    package init(_ number: CInt, _ purpose: String) {
        self.number = number
        self.purpose = purpose
    }

    package var description: String { "cannot \(self.purpose): \(Self.text(self.number))" }

    /// The system's text for an error number.
    package static func text(_ number: CInt) -> String {
        strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }

    /// The text for the last call's error number. Nothing that can set `errno` may stand between.
    package static var lastText: String { self.text(errno) }
}
