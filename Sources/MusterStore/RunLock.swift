import Glibc
package import MusterProcess
import MusterSystem

/// The lock file of a run: locked by the engine that moves the run, and holding that process's identity. The kernel
/// releases the lock when the process ends.
///
/// File systems that several machines share may keep locks to each machine. For those the engine gives a sign of life in a
/// file beside the lock (``RunLease``).
package final class RunLock: Sendable {
    /// The engine that moves a run.
    package struct Holder: Sendable, CustomStringConvertible {
        /// nil before the process has written it.
        package let place: ProcessPlace?
        package var description: String { self.place?.description ?? "a process that has not said which it is" }
    }

    /// Microseconds between two tries: ``holder(path:)`` of another process holds the lock for an instant.
    private static let pause: UInt32 = 20_000

    private let file: OpenFile
    private let lease: RunLease

    /// Takes the lock of the run at `path`, within `timeout` seconds; its folder is made. A sign of life of an engine on
    /// another machine is waited for: ten of its intervals.
    /// - Parameters:
    ///   - interval: Seconds between two signs of life.
    ///   - onWait: Called before such a sign is waited for, with its engine and the seconds that it may take.
    ///   - onLoss: Called once, on any thread, when an engine on another machine has taken the run over. This one must not
    ///     do anything about the run any more.
    /// - Throws: ``StoreError`` when another process holds it, or when the file cannot be made.
    package init(
        path: String, timeout: Double, interval: Double = 2, onWait: (ProcessPlace, Double) -> Void = { _, _ in },
        onLoss: @escaping @Sendable (ProcessPlace) -> Void = { _ in }
    ) throws {
        do throws(SystemError) {
            try? Folder.make(Folder.parent(of: path))
            self.file = try OpenFile(path, O_RDWR | O_CREAT)
        } catch {
            throw StoreError(
                .permission,
                "\(path) cannot be made (\(SystemError.text(error.number))); choose a store folder that you can write to"
            )
        }
        guard Self.take(self.file, timeout: timeout) else {
            let holder = RunLock.holder(path: path).map { " (\($0))" } ?? ""
            throw StoreError(.busy, "the run is being moved by another engine\(holder)")
        }
        self.lease = try RunLease(path: Self.leasePath(path), interval: interval, onWait: onWait, onLoss: onLoss)
        try? self.file.truncate(to: 0)
        // On a full disk the lock holds all the same, without the identity.
        Array(ProcessPlace.own.text.utf8).withUnsafeBytes { try? self.file.write($0) }
    }

    private static func take(_ file: OpenFile, timeout: Double) -> Bool {
        for _ in 0...Int(timeout * 1e6 / Double(Self.pause)) {
            if file.tryLock(.exclusive) { return true }
            usleep(Self.pause)
        }
        return false
    }

    /// The engine that moves the run; nil when none does.
    package static func holder(path: String) -> Holder? {
        self.holderInFolder(path: path)
            ?? SignWatch.told(self.leasePath(path), patience: RunLease.glance).map { Holder(place: $0) }
    }

    /// The engine that moves the run as far as the store's folder tells; what a bucket has told does not count.
    package static func holderInFolder(path: String) -> Holder? {
        self.locker(path: path)
            ?? SignWatch.living(self.leasePath(path), patience: RunLease.glance).map { Holder(place: $0) }
    }

    /// True when a process holds the lock that this machine sees, this one included.
    package static func isHeldHere(path: String) -> Bool { self.locker(path: path) != nil }

    /// Notes what a bucket knows of the engine that moves the run.
    /// - Parameters:
    ///   - sign: Its last sign of life; nil when there is none.
    ///   - age: Seconds since that sign.
    package static func tell(_ sign: LeaseSign?, age: Double, path: String) {
        SignWatch.tell(sign, age: age, self.leasePath(path))
    }

    /// The engine whose lock this machine sees. The file is closed before anybody waits for a sign of life.
    private static func locker(path: String) -> Holder? {
        // Read-only, because another user's lock file can be read and not written.
        guard let file = try? OpenFile(path, O_RDONLY), !file.tryLock(.shared), errno == EWOULDBLOCK else { return nil }
        let text = (try? file.bytes(limit: 1024)) ?? []
        return Holder(place: ProcessPlace(text: String(decoding: text, as: UTF8.self)))
    }

    /// Blocks the calling thread until no process holds the lock at `path`.
    package static func waitForRelease(path: String) {
        if let file = try? OpenFile(path, O_RDONLY) { file.lock(.shared) }
        while SignWatch.living(self.leasePath(path), patience: RunLease.silence) != nil
            || SignWatch.told(self.leasePath(path), patience: RunLease.silence) != nil
        { usleep(500_000) }
    }

    /// `engine.lease` beside `engine.lock`.
    private static func leasePath(_ path: String) -> String { "\(Folder.parent(of: path))/engine.lease" }
}
