import Muster

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Output of every awkward kind, after which the program is gone at once.
@Flow
struct NoisyFlow {
    @Parameter("How many bytes of lines.") var bytes = 1 << 20

    @Step func start() -> Next {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 99) + [UInt8(ascii: "\n")]
        var left = bytes
        while left > 0 {
            write(line.prefix(left))
            left -= line.count
        }
        return .odd
    }

    @Step func odd() -> Next {
        write([0xff, 0xfe, 0x80, UInt8(ascii: "\n")])
        for percent in stride(from: 0, through: 100, by: 25) { write(Array("\rprogress \(percent)%".utf8)) }
        write(Array("\n\u{1b}[1mbold\u{1b}[0m\n".utf8))
        write(Array("no newline at the end".utf8))
        return .end
    }

    @Step func end() { print("noisy: \(bytes)") }

    /// All of it, past every buffer.
    private func write(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                systemWrite(1, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            guard count > 0 else { return }
            written += count
        }
    }
}

private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
