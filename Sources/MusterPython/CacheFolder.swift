internal import FoundationEssentials
internal import Glibc
internal import MusterSystem

/// File operations of the cache. Every error names the folder, because a person has to free or move it.
enum CacheFolder {
    static func make(_ path: String) throws(PythonError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw self.failure("the folder \(path) cannot be made", error)
        }
    }

    /// Writes a file atomically.
    static func write(_ value: some Encodable, to path: String) throws(PythonError) {
        try self.make(Folder.parent(of: path))
        do {
            try JSONEncoder().encode(value).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw self.failure("\(path) cannot be written", error)
        }
    }

    /// Writes a text atomically.
    static func write(text: String, to path: String) throws(PythonError) {
        do {
            try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw self.failure("\(path) cannot be written", error)
        }
    }

    static func text(_ path: String) throws(PythonError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw self.failure("\(path) cannot be read", errno: errno)
        }
        return String(decoding: data, as: UTF8.self)
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func failure(_ what: String, _ error: any Error) -> PythonError {
        PythonError(
            code: .storage,
            message: "\(what): \(error); make the cache's folder writable, or name another one in MUSTER_CACHE")
    }

    static func failure(_ what: String, errno number: CInt) -> PythonError {
        PythonError(
            code: .storage,
            message:
                "\(what): \(SystemError.text(number)); make the cache's folder writable, or name another one in MUSTER_CACHE"
        )
    }

    /// Takes the exclusive lock of the file at `path`, which is made if need be and stays. It is released with the value
    /// that is returned.
    /// - Parameter onWait: Called when another program holds it.
    /// - Throws: ``PythonError`` when the file cannot be made, or the task is cancelled while it waits.
    static func lock(_ path: String, onWait: () -> Void) async throws(PythonError) -> OpenFile {
        let file: OpenFile
        do throws(SystemError) {
            file = try OpenFile(path, O_RDWR | O_CREAT)
        } catch {
            throw self.failure("the lock \(path) cannot be made", errno: error.number)
        }
        if file.tryLock(.exclusive) { return file }
        onWait()
        guard await file.lockWhenFree(.exclusive) else {
            throw PythonError(code: .cancelled, message: "waiting for another program that holds \(path) was cancelled")
        }
        return file
    }
}
