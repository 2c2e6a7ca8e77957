/// Keys as paths below a folder, and back. Ordinary keys are their own paths.
///
/// Each part between slashes is a name. Escaped as `%2F` is in addresses, byte by byte, are: `%` itself, control
/// characters, a leading dot of `.`, `..` and of the store's own folder; an empty part is the name `%`.
enum FolderKey {
    /// The folder of files that are not whole yet.
    static let incoming = ".incoming"

    /// The longest name that file systems take.
    private static let nameLimit = 255

    static func path(_ key: String) throws(ObjectStoreError) -> String {
        try ObjectKey.check(key)
        var names: [String] = []
        for part in key.utf8.split(separator: 0x2F, omittingEmptySubsequences: false) {
            let name = self.name(String(decoding: part, as: UTF8.self))
            guard name.utf8.count <= self.nameLimit else {
                throw ObjectStoreError(
                    .invalid,
                    "the key \(key) cannot be a file: a part of it has over \(self.nameLimit) bytes between two slashes"
                )
            }
            names.append(name)
        }
        return names.joined(separator: "/")
    }

    static func name(_ part: String) -> String {
        if part.isEmpty { return "%" }
        let isReserved = part == "." || part == ".." || part == self.incoming
        var name: [UInt8] = []
        for (place, byte) in part.utf8.enumerated() {
            if byte == 0x25 || byte < 0x20 || byte == 0x7F || (isReserved && place == 0) {
                name += [0x25, self.digit(byte >> 4), self.digit(byte & 15)]
            } else {
                name.append(byte)
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// The part of a key that `name` stands for; nil for a file that is no object of the store.
    static func part(_ name: String) -> String? {
        if name == "%" { return "" }
        var part: [UInt8] = []
        var bytes = name.utf8[...]
        while let byte = bytes.popFirst() {
            guard byte == 0x25 else {
                part.append(byte)
                continue
            }
            guard let high = bytes.popFirst().flatMap(self.value), let low = bytes.popFirst().flatMap(self.value) else {
                return nil
            }
            part.append(high << 4 | low)
        }
        let text = String(decoding: part, as: UTF8.self)
        // Other spellings of the same part are strangers' files.
        return self.name(text).utf8.elementsEqual(name.utf8) ? text : nil
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
