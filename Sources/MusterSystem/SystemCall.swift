#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Calls of the operating system, with `errno` made an error.
package enum SystemCall {
    /// Repeats `call` while signals interrupt it.
    /// - Parameter purpose: Completes "cannot …" in the error's description.
    @discardableResult
    package static func check<Value: SignedInteger>(
        _ purpose: @autoclosure () -> String, _ call: () -> Value
    ) throws(SystemError) -> Value {
        while true {
            let value = call()
            if value >= 0 { return value }
            let number = errno
            if number != EINTR { throw SystemError(number, purpose()) }
        }
    }
}
