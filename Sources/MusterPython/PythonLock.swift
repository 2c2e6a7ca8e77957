/// A list of packages with exact versions and the hashes of their files, for machines that install it themselves.
package struct PythonLock: Sendable, Hashable {
    /// The list, in the format of `requirements.txt`.
    package var file: String
    /// The version of Python that it is for: `3.11`, or `3.11.7` where the step asks for exactly that.
    package var python: String
    /// A uv that runs on other machines.
    package var uv: String
    /// The files of all packages; nil when they come from an index.
    package var wheels: [String]?
}
