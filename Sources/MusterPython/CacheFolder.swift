internal import FoundationEssentials
internal import Glibc

/// The files of the cache. Every error names the folder, because that is what a person can do something about.
enum CacheFolder {
    static func make(_ path: String) throws(PythonError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw self.failure("the folder \(path) cannot be made", error)
        }
    }

    /// Writes a whole file or none.
    static func write(_ value: some Encodable, to path: String) throws(PythonError) {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try self.make(folder)
        do {
            try JSONEncoder().encode(value).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw self.failure("\(path) cannot be written", error)
        }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func failure(_ what: String, _ error: any Error) -> PythonError {
        PythonError(
            code: .storage,
            message: "\(what): \(error); make the cache's folder writable, or name another one in MUSTER_CACHE")
    }

    static func failure(_ what: String, errno number: CInt) -> PythonError {
        let reason = strerror(number).map { String(cString: $0) } ?? "error \(number)"
        return PythonError(
            code: .storage,
            message: "\(what): \(reason); make the cache's folder writable, or name another one in MUSTER_CACHE")
    }
}
