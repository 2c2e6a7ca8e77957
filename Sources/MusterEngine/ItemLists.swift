import Foundation
import MusterModel
import MusterStore

/// The elements of foreach fan-outs, read once and cut into lines once.
struct ItemLists: Sendable {
    /// Fan-outs whose elements are kept; nested ones alternate between few.
    private static let kept = 8
    private var lists: [(origin: Int, lines: [Data])] = []

    /// The element at `index` of the fan-out of task `origin`.
    mutating func item(at index: Int, of origin: RunTask, in store: ArtifactStore) throws -> JSONValue {
        let lines = try self.lines(of: origin, in: store)
        guard lines.indices.contains(index) else {
            throw EngineError(
                code: .store,
                message: "the list of elements of \(origin.step)/\(origin.number) has \(lines.count) lines; element \(index) is missing")
        }
        return try JSONValue(parsing: lines[index])
    }

    private mutating func lines(of origin: RunTask, in store: ArtifactStore) throws -> [Data] {
        if let known = self.lists.first(where: { $0.origin == origin.number }) { return known.lines }
        guard let reference = origin.results.first?.items else {
            throw EngineError(code: .store, message: "\(origin.step)/\(origin.number) left no list of elements")
        }
        let lines = try store.data(reference).split(separator: UInt8(ascii: "\n")).map { Data($0) }
        self.lists.append((origin.number, lines))
        if self.lists.count > Self.kept { self.lists.removeFirst() }
        return lines
    }
}
