import Glibc
import MusterSystem

/// A failure of the store: a folder, a file or its contents.
package struct StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A stable dotted name; programs match on it, never on the message. Open: other subjects may add theirs.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// A file or folder that has to be there is not.
        package static let missing = Code(rawValue: "store.missing")
        /// A file's contents are not those that were stored.
        package static let corrupt = Code(rawValue: "store.corrupt")
        /// The disk, or the quota, is full.
        package static let full = Code(rawValue: "store.full")
        /// The operating system does not let this user read or write.
        package static let permission = Code(rawValue: "store.permission")
        /// Any other refusal of the operating system.
        package static let failed = Code(rawValue: "store.io")
        /// Another engine moves the run.
        package static let busy = Code(rawValue: "store.busy")
        /// A flow's folder holds something that cannot be packaged.
        package static let package = Code(rawValue: "store.package")
    }

    package var code: Code
    /// The fault, its place and the remedy.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { self.message }
}

extension StoreError {
    /// The error of a failed system call, with the remedy.
    init(_ error: SystemError) {
        switch error.number {
        case ENOSPC, EDQUOT:
            self.init(
                .full,
                "cannot \(error.purpose): the disk is full; free some space, or take another folder with --store")
        case EACCES, EPERM, EROFS:
            self.init(.permission, "\(error); make the folder writable, or take another one with --store")
        case ENOENT:
            self.init(.missing, "cannot \(error.purpose): it does not exist")
        case ENOTDIR:
            self.init(.failed, "cannot \(error.purpose): a file is in the way")
        default:
            self.init(.failed, "\(error)")
        }
    }

    /// Runs `body` with failed system calls turned into this error.
    static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
        do { return try body() } catch let error as SystemError { throw StoreError(error) }
    }

    /// Runs `body` with failed system calls turned into this error.
    static func converting<Value>(_ body: () throws(SystemError) -> Value) throws(StoreError) -> Value {
        do throws(SystemError) { return try body() } catch { throw StoreError(error) }
    }
}
