import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

/// Writes the elements of a foreach: one line each, or a file of its own for a large element.
struct ItemFile {
    /// The task folder.
    private let folder: String
    private var lines: [UInt8] = []
    private var count = 0

    init(folder: String) { self.folder = folder }

    mutating func append(_ item: some Encodable) throws {
        self.lines += try self.line(item)
        self.lines.append(UInt8(ascii: "\n"))
        self.count += 1
    }

    private func line(_ item: some Encodable) throws -> [UInt8] {
        if let raw = item as? any RawArtifact, raw.withRawBytes({ $0.count }) > ItemLine.longestText {
            return try self.file(item)
        }
        let text = try ArtifactCoding.encoder().encode(item)
        return text.count > ItemLine.longestText ? try self.file(item) : Array(text)
    }

    private func file(_ item: some Encodable) throws -> [UInt8] {
        // The hyphen keeps the name apart from every artifact's.
        let path = "artifacts/@\(self.count)"
        let encoding = try ArtifactCoding.write(item, to: "\(self.folder)/\(path)")
        return try ItemLine.encode(ArtifactFile(path: path, encoding: encoding))
    }

    func write() throws {
        let file = try OpenFile(creating: "\(self.folder)/\(ResultFile.itemsName)")
        try self.lines.withUnsafeBytes { try file.write($0) }
    }
}
