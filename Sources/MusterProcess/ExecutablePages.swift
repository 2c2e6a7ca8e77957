import Glibc

/// The file of a program that is about to be started.
package enum ExecutablePages {
    /// Asks the system to read what will be loaded of the program at `path`; what has been read already costs nothing.
    /// Nothing happens when the file is no 64-bit ELF program of this machine.
    ///
    /// Program headers: System V ABI, "Program Header".
    package static func readAhead(_ path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        guard let length = self.loadedLength(file) else { return }
        posix_fadvise(file, 0, off_t(length), POSIX_FADV_WILLNEED)
    }

    /// Bytes from the file's start to the end of its last segment that is loaded.
    private static func loadedLength(_ file: CInt) -> Int? {
        var header = Elf64_Ehdr()
        guard pread(file, &header, MemoryLayout<Elf64_Ehdr>.size, 0) == MemoryLayout<Elf64_Ehdr>.size,
            header.e_ident.0 == 0x7f, header.e_ident.4 == UInt8(ELFCLASS64),
            header.e_phentsize == MemoryLayout<Elf64_Phdr>.size
        else { return nil }
        var end: Int?
        for index in 0..<Int(header.e_phnum) {
            var segment = Elf64_Phdr()
            let place = off_t(header.e_phoff) + off_t(index * MemoryLayout<Elf64_Phdr>.size)
            guard pread(file, &segment, MemoryLayout<Elf64_Phdr>.size, place) == MemoryLayout<Elf64_Phdr>.size else {
                return nil
            }
            guard segment.p_type == UInt32(PT_LOAD) else { continue }
            end = max(end ?? 0, Int(clamping: segment.p_offset.addingReportingOverflow(segment.p_filesz).partialValue))
        }
        return end
    }
}
