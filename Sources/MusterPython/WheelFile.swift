internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import MusterSystem

/// A wheel by what its file's name says. Source: the binary distribution format of PyPA, "File name convention".
struct WheelFile: Sendable, Hashable {
    let name: String
    let version: String

    /// - Returns: nil for the name of anything else.
    init?(_ file: String) {
        guard file.hasSuffix(".whl"), !file.contains("/") else { return nil }
        let parts = file.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
        guard (5...6).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.name = String(parts[0])
        // A `-` of the version is written as `_`.
        self.version = String(parts[1].map { $0 == "_" ? "-" : $0 })
    }

    /// The line of a lock for the wheel at `path`.
    static func line(for path: String) throws(PythonError) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        guard let wheel = WheelFile(file) else {
            throw PythonError(code: .resolution, message: "\(path) is not named as a wheel")
        }
        return "\(wheel.name)==\(wheel.version) --hash=sha256:\(try self.digest(of: path))"
    }

    private static func digest(of path: String) throws(PythonError) -> String {
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY)
            var hash = SHA256()
            try file.forEachPiece { hash.update(bufferPointer: $0) }
            return Hexadecimal.text(hash.finalize())
        } catch {
            throw CacheFolder.failure("\(path) cannot be read", error)
        }
    }
}
