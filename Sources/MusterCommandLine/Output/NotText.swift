import Foundation
import MusterProcess

/// Finds arguments and variables that are not UTF-8, which would be misread.
enum NotText {
    /// The fault and the remedy; nil when all of it is UTF-8.
    static func refusal() -> String? {
        let words = (FileManager.default.contents(atPath: "/proc/self/cmdline") ?? Data()).split(separator: 0)
        if let word = words.first(where: { String(validating: $0, as: UTF8.self) == nil }) {
            return
                "the argument '\(String(decoding: word, as: UTF8.self))' is no UTF-8; give it in UTF-8, a file by a name that is"
        }
        if let name = ProcessEnvironment.otherNames.first(where: {
            $0.hasPrefix("MUSTER_") || $0.hasPrefix("METAFLOW_")
        }) {
            return "the variable \(name) is no UTF-8; give it in UTF-8, a file by a name that is"
        }
        if let folder = self.currentFolder, String(validating: folder, as: UTF8.self) == nil {
            return
                "the name of the current folder, \(String(decoding: folder, as: UTF8.self)), is no UTF-8; rename it, or start from another one"
        }
        return nil
    }

    private static var currentFolder: [UInt8]? {
        guard let path = getcwd(nil, 0) else { return nil }
        defer { free(path) }
        return Array(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }
}
