/// One file of a code package.
package struct PackagedFile: Sendable, Hashable, Codable {
    package enum Kind: Sendable, Hashable, Codable {
        case file
        /// May be executed.
        case executable
        /// A symbolic link with this text; it stays within the package.
        case link(to: String)
    }

    /// Relative to the flow's folder.
    package var path: String
    package var kind: Kind
    /// Bytes; 0 for a link.
    package var size: Int
    /// SHA-256 of the bytes, or of the link's text.
    package var digest: String
}
