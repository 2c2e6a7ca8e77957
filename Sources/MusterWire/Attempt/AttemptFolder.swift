package import FoundationEssentials
package import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The objects of one attempt as files in a folder that the engine and all nodes see.
///
/// An object is there as a whole or not at all: it is written under another name and renamed, or linked where it may be
/// created only once. Reading opens the file anew each time, because NFS checks its cache when a file is opened.
package struct AttemptFolder: Sendable, Hashable {
    /// The path of every object without its name: `STORE/runs/FLOW/RUN/STEP/TASK.ATTEMPT.`
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    package func path(_ object: AttemptObject) -> String { self.prefix + object.name }

    /// Writes the object, over the one that is there.
    /// - Parameter isSecret: Gives it mode 0600, for this user alone.
    package func write(_ data: Data, as object: AttemptObject, isSecret: Bool = false) throws(SystemError) {
        let draft = try self.draft(data, of: object, isSecret: isSecret)
        guard rename(draft, self.path(object)) == 0 else { throw self.failure(errno, object, draft) }
    }

    /// Creates the object.
    /// - Returns: False when it is there already; it is not changed then.
    package func create(_ data: Data, as object: AttemptObject) throws(SystemError) -> Bool {
        let draft = try self.draft(data, of: object, isSecret: false)
        let isMade = link(draft, self.path(object)) == 0
        let number = errno
        // A reply that NFS has lost makes a link that was made look like one that was there.
        let isOurs = isMade || FileStatus(draft)?.links == 2
        unlink(draft)
        if isOurs { return true }
        if number == EEXIST { return false }
        throw SystemError(number, "make \(self.path(object))")
    }

    /// Appends to the object in one call of the system.
    package func append(_ data: Data, to object: AttemptObject) throws(SystemError) {
        let file = try OpenFile(self.path(object), O_WRONLY | O_CREAT | O_APPEND)
        try file.write(data)
    }

    /// The object's bytes from `offset` on; nil when it is not there.
    package func read(_ object: AttemptObject, from offset: Int = 0) throws(SystemError) -> Data? {
        let file: OpenFile
        do {
            file = try OpenFile(self.path(object), O_RDONLY)
        } catch {
            if error.number == ENOENT || error.number == ESTALE { return nil }
            throw error
        }
        return Data(try file.bytes(from: offset))
    }

    /// The object's size in bytes; nil when it is not there.
    package func size(_ object: AttemptObject) -> Int? { FileStatus(self.path(object))?.size }

    /// Removes the object.
    /// - Returns: Why it cannot be removed; nil when it is gone.
    package func remove(_ object: AttemptObject) -> String? {
        guard unlink(self.path(object)) != 0, errno != ENOENT else { return nil }
        return SystemError(errno, "remove \(self.path(object))").description
    }

    /// The attempts below a run's folder of which objects are there that only a living attempt needs.
    package static func left(in run: String) -> [AttemptFolder] {
        var prefixes: Set<String> = []
        for step in Folder.names(in: run) ?? [] {
            for name in Folder.names(in: "\(run)/\(step)") ?? [] {
                guard let prefix = self.prefix(ofLeft: name) else { continue }
                prefixes.insert("\(run)/\(step)/\(prefix)")
            }
        }
        return prefixes.sorted().map(AttemptFolder.init(prefix:))
    }

    /// The attempt's prefix in the name of such an object or of a scratch folder; nil for another name.
    private static func prefix(ofLeft name: String) -> Substring? {
        if let object = AttemptObject.transient.first(where: { name.hasSuffix(".\($0.name)") }) {
            return name.dropLast(object.name.utf8.count)
        }
        guard name.hasSuffix(self.scratch) else { return nil }
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[2].hasPrefix("node-") else { return nil }
        return name[..<parts[2].startIndex]
    }

    /// The end of the name of a node's scratch folder.
    private static let scratch = ".scratch"

    /// The scratch folder of a node. Its agent removes it; that of an agent which was killed is left.
    package func scratch(node: Int) -> String { "\(self.prefix)node-\(node)\(Self.scratch)" }

    /// Removes the objects that only a living attempt needs, and the nodes' scratch folders.
    /// - Returns: A sentence for each that cannot be removed: the key may be among them.
    package func removeTransient() -> [String] {
        let folder = Folder.parent(of: self.prefix)
        let start = self.prefix.dropFirst(folder.utf8.count + 1) + "node-"
        let scratch = (Folder.names(in: folder) ?? []).filter { $0.hasPrefix(start) && $0.hasSuffix(Self.scratch) }
        return AttemptObject.transient.compactMap(self.remove)
            + scratch.compactMap { FolderRemoval.remove("\(folder)/\($0)") }
    }

    // MARK: - Values

    /// Writes `value` as JSON.
    package func write(_ value: some Encodable, as object: AttemptObject) throws {
        try self.write(LineCoding.encode(value), as: object)
    }

    /// The value that the object holds; nil when it is not there, or is not one: it is looked at again.
    package func value<Value: Decodable>(_ type: Value.Type, of object: AttemptObject) throws(SystemError) -> Value? {
        guard let data = try self.read(object) else { return nil }
        return try? LineCoding.decode(type, from: data)
    }

    // MARK: - Drafts

    /// A file beside the object with its bytes.
    private func draft(_ data: Data, of object: AttemptObject, isSecret: Bool) throws(SystemError) -> String {
        let path = "\(self.path(object)).\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        let file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, mode: isSecret ? 0o600 : 0o666)
        do {
            try file.write(data)
        } catch {
            unlink(path)
            throw error
        }
        return path
    }

    private func failure(_ number: CInt, _ object: AttemptObject, _ draft: String) -> SystemError {
        unlink(draft)
        return SystemError(number, "write \(self.path(object))")
    }
}
