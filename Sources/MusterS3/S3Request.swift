import FoundationEssentials
import MusterAWS
import MusterHTTP

/// One operation of S3, before it is addressed and signed.
struct S3Request: Sendable {
    var method: String
    /// Nil for the bucket itself.
    var key: String?
    var query: [QueryItem] = []
    var headers: [HTTPField] = []
    var body = Data()
    /// The SHA-256 of the body where it is known.
    var payload: String?
    /// Statuses that the caller understands, besides 2xx.
    var accepted: Set<Int> = []
    /// True where S3 may notice a failure after it has begun to answer with 200, and the body tells it.
    var canFailLate = false
    /// Takes the answer's body. It is asked anew for each repetition, and may then ask for less.
    var receiver: (any HTTPReceiver)?
}

/// The answer to an operation.
struct S3Response: Sendable {
    let head: HTTPHead
    let body: Data
    /// True when an earlier try came to no answer: the server may have done then what was asked.
    let mayHaveHappenedBefore: Bool
}
