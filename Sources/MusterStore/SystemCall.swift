import Glibc

/// Calls of the operating system that report what they were about when they fail.
enum SystemCall {
    /// Repeats `call` while signals interrupt it.
    /// - Parameter doing: what a person reads: "cannot `doing` because …".
    @discardableResult
    static func check<Value: SignedInteger>(_ doing: @autoclosure () -> String, _ call: () -> Value) throws(StoreError)
        -> Value
    {
        while true {
            let value = call()
            if value >= 0 { return value }
            let number = errno
            if number != EINTR { throw Self.error(number, doing()) }
        }
    }

    /// The error of a call that ended with `number`.
    static func error(_ number: Int32, _ doing: String) -> StoreError {
        switch number {
        case ENOSPC, EDQUOT:
            StoreError(.full, "cannot \(doing): the disk is full; free some space, or take another folder with --store")
        case EACCES, EPERM, EROFS:
            StoreError(
                .permission,
                "cannot \(doing): \(Self.text(number)); make the folder writable, or take another one with --store")
        case ENOENT:
            StoreError(.missing, "cannot \(doing): it does not exist")
        default:
            StoreError(.failed, "cannot \(doing): \(Self.text(number))")
        }
    }

    static func text(_ number: Int32) -> String { String(cString: strerror(number)) }
}
