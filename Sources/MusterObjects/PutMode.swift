/// The fate of an object that is there already.
package enum PutMode: Sendable, Hashable {
    /// The new one takes its place.
    case replacing
    /// It stays: of any number of writers at the same time exactly one makes the object.
    case creating
}

/// The outcome of a put.
package enum PutOutcome: Sendable, Hashable {
    /// The object holds the caller's bytes.
    case stored
    /// With ``PutMode/creating``: somebody else's object is there, untouched.
    case exists
}

/// A file's size in bytes and the SHA-256 of its bytes, in lower-case hexadecimal.
package struct FileDigest: Sendable, Hashable {
    package let size: Int
    package let sha256: String

    package init(size: Int, sha256: String) {
        self.size = size
        self.sha256 = sha256
    }
}

/// The outcome of an upload and the file as it was sent.
package struct UploadedFile: Sendable, Hashable {
    package let outcome: PutOutcome
    package let file: FileDigest

    package init(outcome: PutOutcome, file: FileDigest) {
        self.outcome = outcome
        self.file = file
    }
}
