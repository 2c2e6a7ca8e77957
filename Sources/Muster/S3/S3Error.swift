/// A failure of S3: no such object, no right, a server that does not answer.
public struct S3Error: Error, Sendable, Hashable, CustomStringConvertible {
    /// A stable dotted text; programs match on it, never on the message.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// There is no such object.
        public static let missing = Code(rawValue: "objects.missing")
        /// There is no such bucket.
        public static let noBucket = Code(rawValue: "objects.store")
        /// The keys do not allow it.
        public static let denied = Code(rawValue: "objects.denied")
        /// There are no keys, or none that the server takes.
        public static let credentials = Code(rawValue: "objects.credentials")
        /// The object has no byte of the range.
        public static let range = Code(rawValue: "objects.range")
        /// An address, a key or a setting cannot be used.
        public static let invalid = Code(rawValue: "objects.invalid")
        /// The server cannot be reached.
        public static let unreachable = Code(rawValue: "objects.unreachable")
        /// A file of this machine cannot be read or written.
        public static let file = Code(rawValue: "objects.file")
        /// The program that moves the objects cannot be started, or has ended.
        public static let helper = Code(rawValue: "objects.helper")
    }

    public let code: Code
    /// The thing at fault, with the server and the source of the keys; the remedy comes last.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { self.message }
}
