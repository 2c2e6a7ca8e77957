import Foundation

/// Holds an exclusive lock on a file while a database beside it is opened and brought up to date.
struct OpeningLock {
    private let descriptor: CInt

    init(path: String) throws {
        self.descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard self.descriptor >= 0 else {
            throw MetadataError(
                code: .open,
                message:
                    "\(path) cannot be made (\(String(cString: strerror(errno)))); choose a store folder that you can write to"
            )
        }
        while flock(self.descriptor, LOCK_EX) != 0 && errno == EINTR {}
    }

    func release() {
        close(self.descriptor)
    }
}
