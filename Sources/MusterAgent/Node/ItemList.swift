import FoundationEssentials
import MusterModel
import MusterWire

/// The elements of a foreach, one a line. A large element stands in a file that its line names.
struct ItemList {
    private let lines: [Data.SubSequence]
    /// True when a large element is among them.
    let namesFiles: Bool

    init(path: String) throws {
        let bytes = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        self.lines = lines
        self.namesFiles = lines.contains { ItemLine.isFile(first: $0.first) }
    }

    var count: Int { self.lines.count }

    /// The lines with each file replaced by the artifact that `take` makes of it.
    func naming(_ take: (ArtifactFile) throws -> ArtifactReference) throws -> Data {
        var text = Data()
        for line in self.lines {
            if ItemLine.isFile(first: line.first) {
                text += try ItemLine.encode(take(ItemLine.decode(ArtifactFile.self, from: line)))
            } else {
                text += line
            }
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }
}
