internal import CMusterPlatform
internal import Glibc

/// This program's environment variables. Those that are not UTF-8 are passed on to children byte for byte.
package enum ProcessEnvironment {
    private struct Entry {
        let name: String?
        let value: String?
        /// `NAME=value`.
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) {
            let equals = bytes.firstIndex(of: UInt8(ascii: "=")) ?? bytes.endIndex
            self.name = String(validating: bytes[..<equals], as: UTF8.self)
            self.value = String(validating: bytes[equals...].dropFirst(), as: UTF8.self)
            self.bytes = bytes
        }
    }

    /// As they are now: a program may change its own.
    private static var entries: [Entry] {
        guard let list = muster_environment() else { return [] }
        var entries: [Entry] = []
        var next = list
        while let entry = next.pointee {
            let count = strlen(entry)
            let bytes = UnsafeRawBufferPointer(start: entry, count: count)
            entries.append(Entry(Array(bytes)))
            next += 1
        }
        return entries
    }

    /// Those that are text; of two of one name the first.
    package static var texts: [String: String] {
        Dictionary(
            Self.entries.compactMap { entry in entry.name.flatMap { name in entry.value.map { (name, $0) } } }
        ) { first, _ in first }
    }

    /// The names of the others, as far as these are text.
    package static var otherNames: [String] { Self.entries.filter { $0.value == nil }.compactMap(\.name) }

    /// The others, `NAME=value` each, but for those that have a value in `environment`.
    static func others(than environment: [String: String]) -> [[UInt8]] {
        Self.others.filter { entry in entry.name.map { environment[$0] == nil } ?? true }.map(\.bytes)
    }

    /// As they are when the first program is started.
    private static let others = Self.entries.filter { $0.name == nil || $0.value == nil }
}
