package import Crypto
package import MusterSystem

/// Digests of files and of their parts.
package enum FileHash {
    /// The SHA-256 of the whole file, in hexadecimal.
    package static func digest(of file: OpenFile) throws(SystemError) -> String {
        var hash = SHA256()
        try file.forEachPiece { hash.update(bufferPointer: $0) }
        return Hexadecimal.text(hash.finalize())
    }

    /// Adds `range` of `file` to `hash`. A file that is shorter is hashed up to its end.
    /// - Returns: The bytes that were read.
    package static func add(
        _ range: Range<Int>, of file: OpenFile, to hash: inout SHA256
    ) throws(SystemError) -> Int {
        var count = 0
        try file.forEachPiece(in: range) { (piece) throws(SystemError) in
            hash.update(bufferPointer: piece)
            count += piece.count
        }
        return count
    }
}
