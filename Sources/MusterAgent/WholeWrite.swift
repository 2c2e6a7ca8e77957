import Glibc

/// Writing all of some bytes to a descriptor that may take them in parts.
enum WholeWrite {
    /// Blocks until all is written. Returns false, with `errno` set, when the rest cannot be.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
