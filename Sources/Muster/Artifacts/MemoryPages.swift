#if canImport(Glibc)
    import Glibc
#endif

/// Large memory that is about to be filled.
enum MemoryPages {
    /// Below this a call costs more than it saves.
    private static let minimumSize = 1 << 20
    private static let pageSize = 4096

    /// Takes the pages of `bytes` in one call: taken one by one as they are written, they cost more than what is copied
    /// into them. A wish; nothing is lost where it is not granted.
    ///
    /// Not pages of 2 MiB: on a virtual machine that gives free memory back to its host, each of these comes from there,
    /// and takes five times as long as 512 small ones.
    static func take(_ bytes: UnsafeMutableRawBufferPointer) {
        #if os(Linux)
            guard bytes.count >= self.minimumSize, let base = bytes.baseAddress else { return }
            let start = base.alignedUp(toMultipleOf: self.pageSize)
            madvise(start, (bytes.count - (start - base)) / self.pageSize * self.pageSize, self.populateWrite)
        #endif
    }

    #if os(Linux)
        /// `MADV_POPULATE_WRITE`, Linux 5.14; older ones refuse it.
        private static let populateWrite: CInt = 23
    #endif
}
