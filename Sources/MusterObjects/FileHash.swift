package import Crypto
package import MusterSystem

/// Digests as text, and of parts of files.
package enum FileHash {
    /// Lower-case hexadecimal.
    package static func text(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Adds `range` of `file` to `hash`. A file that is shorter is hashed up to its end.
    /// - Returns: The bytes that were read.
    package static func add(
        _ range: Range<Int>, of file: OpenFile, to hash: inout SHA256
    ) throws(SystemError) -> Int {
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(256 << 10, max(1, range.count)), alignment: 64)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let step = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(range.upperBound - offset))
            let count = try file.read(into: step, at: offset)
            if count == 0 { break }
            hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: step[..<count]))
            offset += count
        }
        return offset - range.lowerBound
    }
}
