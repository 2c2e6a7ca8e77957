import Foundation

/// An archive in the ustar format of POSIX.1-1988, with no time and no owner in it: equal contents have equal bytes.
struct TarArchive {
    private static let block = 512

    private(set) var data = Data()

    /// - Parameters:
    ///   - name: At most 100 bytes.
    ///   - mode: The permissions, such as `0o755`.
    mutating func add(_ name: String, _ content: Data, mode: Int = 0o644) {
        self.data.append(Self.header(name, size: content.count, mode: mode))
        self.data.append(content)
        let rest = content.count % Self.block
        if rest != 0 { self.data.append(Data(count: Self.block - rest)) }
    }

    /// The archive with its end.
    func finished() -> Data { self.data + Data(count: 2 * Self.block) }

    private static func header(_ name: String, size: Int, mode: Int) -> Data {
        var header = Data(count: self.block)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ number: Int, _ width: Int) -> String {
            let digits = String(number, radix: 8)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        put(String(name.prefix(100)), at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, 6), at: 148)
        header[154] = 0
        return header
    }
}
