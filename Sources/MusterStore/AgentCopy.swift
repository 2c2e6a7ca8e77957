import Crypto
import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The agent's program in the store, where nodes elsewhere execute it.
package struct AgentCopy: Sendable {
    /// The copy's path: `STORE/agents/DIGEST/muster-agent`.
    package let path: String

    private static let name = "muster-agent"

    /// The path that a copy of the program would have.
    package static func path(of program: String, in layout: StoreLayout) throws -> String {
        "\(try self.folder(of: OpenFile(program, O_RDONLY), in: layout))/\(self.name)"
    }

    private static func folder(of source: OpenFile, in layout: StoreLayout) throws -> String {
        var hash = SHA256()
        try source.forEachPiece { hash.update(bufferPointer: $0) }
        return "\(layout.agents)/\(Hexadecimal.text(hash.finalize()))"
    }

    /// Copies the program, unless a copy of the same bytes is there.
    package init(of program: String, in layout: StoreLayout) throws {
        let source = try OpenFile(program, O_RDONLY)
        let folder = try Self.folder(of: source, in: layout)
        self.path = "\(folder)/\(Self.name)"
        if let status = FileStatus(self.path), status.size == (try source.status()).size { return }
        try ExecutableCopy.make(of: source, at: self.path, mode: 0o755)
    }
}
