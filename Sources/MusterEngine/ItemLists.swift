import Foundation
import MusterModel
import MusterStore
import MusterWire

/// An element of a foreach in a task's input.
enum ForeachElement: Sendable, Equatable {
    /// A JSON text.
    case text(String)
    case artifact(ArtifactReference)
}

/// The elements of foreach fan-outs, read once and cut into lines once.
struct ItemLists: Sendable {
    /// The number of fan-outs whose elements are cached; nested ones alternate between few.
    private static let capacity = 8
    private var lists: [(origin: Int, lines: [Data])] = []

    /// The element at `index` of the fan-out of task `origin`.
    mutating func item(at index: Int, of origin: RunTask, in store: ArtifactStore) throws -> ForeachElement {
        let lines = try self.lines(of: origin, in: store)
        guard lines.indices.contains(index) else {
            throw EngineError(
                code: .store,
                message:
                    "the list of elements of \(origin.step)/\(origin.number) has \(lines.count) lines; element \(index) is missing"
            )
        }
        let line = lines[index]
        guard ItemLine.isFile(first: line.first) else { return .text(String(decoding: line, as: UTF8.self)) }
        return .artifact(try ItemLine.decode(ArtifactReference.self, from: line))
    }

    private mutating func lines(of origin: RunTask, in store: ArtifactStore) throws -> [Data] {
        if let place = self.lists.firstIndex(where: { $0.origin == origin.number }) {
            // The most recently used list is dropped last.
            let known = self.lists.remove(at: place)
            self.lists.append(known)
            return known.lines
        }
        guard let reference = origin.results.first?.items else {
            throw EngineError(code: .store, message: "\(origin.step)/\(origin.number) left no list of elements")
        }
        let lines = try store.data(reference).split(separator: UInt8(ascii: "\n")).map { Data($0) }
        self.lists.append((origin.number, lines))
        if self.lists.count > Self.capacity { self.lists.removeFirst() }
        return lines
    }
}
