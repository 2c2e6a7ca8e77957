import Glibc

/// Environment variables that list folders to search. Relative folders are made absolute from the folder in which the
/// flow is started, because steps can run in others.
enum SearchPaths {
    static let variables = ["PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH"]

    /// Makes what is relative in this process's own variables absolute, for itself and for everything that it starts.
    static func settle(in folder: String) {
        for name in self.variables {
            guard let value = getenv(name) else { continue }
            // Bytes: a folder's name need not be text.
            let given = UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
            let settled = self.absolute(given, in: Array(folder.utf8))
            if settled != given { setenv(name, settled.map { CChar(bitPattern: $0) } + [0], 1) }
        }
    }

    /// The same folders, separated by colons as before. An entry without a word stands for the current folder.
    static func absolute(_ value: [UInt8], in folder: [UInt8]) -> [UInt8] {
        guard !value.isEmpty else { return value }
        let colon = UInt8(ascii: ":")
        let entries = value.split(separator: colon, omittingEmptySubsequences: false)
        return Array(entries.map { self.absolute(entry: $0, in: folder) }.joined(separator: [colon]))
    }

    private static func absolute(entry: ArraySlice<UInt8>, in folder: [UInt8]) -> [UInt8] {
        // The loader's own words, such as $ORIGIN, come first in an entry.
        if let first = entry.first, first == UInt8(ascii: "/") || first == UInt8(ascii: "$") { return Array(entry) }
        return entry.isEmpty || entry.elementsEqual(".".utf8) ? folder : folder + Array("/".utf8) + entry
    }
}
