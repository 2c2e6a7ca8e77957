internal import MusterSystem

/// Programs that run on other machines of the same kind: static ones, and those that need nothing but glibc.
enum PortableProgram {
    private static let loaders = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
    private static let libraries: Set<String> = [
        "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libgcc_s.so.1",
        "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1",
    ]

    /// Why the program at `path` would not run elsewhere; nil when it does.
    static func obstacle(_ path: String) -> String? {
        guard let bytes = FileContents.read(path) else { return "it cannot be read" }
        if bytes.starts(with: Array("#!".utf8)) { return "it is a script" }
        guard let program = ELFProgram(bytes) else { return "it is no program of Linux" }
        guard let loader = program.loader else { return nil }
        guard self.loaders.contains(loader) else { return "it is loaded by \(loader)" }
        let others = program.libraries.filter { !self.libraries.contains($0) }
        return others.isEmpty ? nil : "it needs \(others.joined(separator: ", ")) of this machine"
    }
}

/// What an executable of 64 bits asks the system for. Source: the ELF format, System V gABI, chapters 4 and 5.
struct ELFProgram: Equatable {
    /// The dynamic loader; nil for a static program.
    let loader: String?
    /// The shared libraries that it names itself.
    let libraries: [String]

    private struct Segment {
        let type, offset, address, size: Int
    }

    /// - Returns: nil for a file of another format, and for one that is damaged.
    init?(_ bytes: [UInt8]) {
        let reader = Reader(bytes: bytes)
        guard bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]), let table = reader.number(at: 32, size: 8),
            let entry = reader.number(at: 54, size: 2), let count = reader.number(at: 56, size: 2)
        else { return nil }
        var segments: [Segment] = []
        for index in 0..<count {
            let start = table + index * entry
            guard let type = reader.number(at: start, size: 4), let offset = reader.number(at: start + 8, size: 8),
                let address = reader.number(at: start + 16, size: 8), let size = reader.number(at: start + 32, size: 8)
            else { return nil }
            segments.append(Segment(type: type, offset: offset, address: address, size: size))
        }
        self.loader = segments.first { $0.type == 3 }.flatMap { reader.text(at: $0.offset) }
        guard let dynamic = segments.first(where: { $0.type == 2 }) else {
            self.libraries = []
            return
        }
        var names: [Int] = []
        var texts = 0
        for start in stride(from: dynamic.offset, to: dynamic.offset + dynamic.size, by: 16) {
            guard let tag = reader.number(at: start, size: 8), tag != 0 else { break }
            guard let value = reader.number(at: start + 8, size: 8) else { continue }
            if tag == 1 { names.append(value) }
            if tag == 5 { texts = value }
        }
        // The table of texts is named by its address in memory.
        guard
            let loaded = segments.first(where: { $0.type == 1 && ($0.address..<$0.address + $0.size).contains(texts) })
        else { return nil }
        self.libraries = names.compactMap { reader.text(at: texts - loaded.address + loaded.offset + $0) }
    }

    private struct Reader {
        let bytes: [UInt8]

        /// A little-endian number; nil outside of the file, and where it is larger than any place in a file.
        func number(at start: Int, size: Int) -> Int? {
            guard start >= 0, start <= self.bytes.count - size else { return nil }
            let value = self.bytes[start..<start + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return value < 1 << 48 ? Int(value) : nil
        }

        /// A text that ends with a zero byte.
        func text(at start: Int) -> String? {
            guard self.bytes.indices.contains(start) else { return nil }
            return String(decoding: self.bytes[start...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
