#if canImport(Glibc)
    import Glibc
#endif

/// Pre-faults large buffers before they are filled.
enum MemoryPages {
    /// Below this size the system call costs more than the page faults that it saves.
    private static let minimumSize = 1 << 20
    private static let pageSize = 4096

    /// Maps all pages of `bytes` with one `madvise`. A page fault per 4 KiB takes longer than copying 4 KiB into the
    /// page (Benchmarks: artifact). Errors are ignored: the pages are then mapped by page faults.
    ///
    /// Huge pages of 2 MiB are not requested: on a virtual machine that returns free memory to its host, one of them
    /// takes five times as long as 512 small pages.
    static func take(_ bytes: UnsafeMutableRawBufferPointer) {
        #if os(Linux)
            guard bytes.count >= self.minimumSize, let base = bytes.baseAddress else { return }
            let start = base.alignedUp(toMultipleOf: self.pageSize)
            madvise(start, (bytes.count - (start - base)) / self.pageSize * self.pageSize, self.populateWrite)
        #endif
    }

    #if os(Linux)
        /// `MADV_POPULATE_WRITE`, since Linux 5.14; older kernels return EINVAL.
        private static let populateWrite: CInt = 23
    #endif
}
