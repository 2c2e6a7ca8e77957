#if canImport(Glibc)
    import Glibc
#endif

/// Large memory that is about to be filled.
enum HugePages {
    /// Below this a call costs more than the pages.
    private static let minimumSize = 8 << 20
    private static let pageSize = 4096

    /// Asks the kernel for pages of 2 MiB: taking 65,536 small ones costs more time than what is copied into them.
    /// A wish; nothing is lost where it is not granted.
    static func advise(_ bytes: UnsafeMutableRawBufferPointer) {
        #if os(Linux)
            guard bytes.count >= self.minimumSize, let base = bytes.baseAddress else { return }
            let start = base.alignedUp(toMultipleOf: self.pageSize)
            madvise(start, (bytes.count - (start - base)) / self.pageSize * self.pageSize, MADV_HUGEPAGE)
        #endif
    }
}
