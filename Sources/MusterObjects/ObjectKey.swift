/// The rules that every key has to keep.
package enum ObjectKey {
    /// Bytes that a key may have: the limit of S3.
    package static let limit = 1024

    /// Refuses what is no key.
    package static func check(_ key: String) throws(ObjectStoreError) {
        if key.isEmpty { throw ObjectStoreError(.invalid, "a key of an object must not be empty") }
        if key.utf8.count > self.limit {
            throw ObjectStoreError(
                .invalid, "the key \(key.prefix(60))… has \(key.utf8.count) bytes; at most \(self.limit) are possible")
        }
        if key.utf8.contains(0) {
            throw ObjectStoreError(.invalid, "the key \(key.prefix { $0 != "\0" })… holds a NUL, which no key can")
        }
    }

    /// The order of a listing: by bytes. Swift's own order takes different keys with equal letters for one.
    package static func isBefore(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
