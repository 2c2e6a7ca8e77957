/// An object as a store lists it.
package struct ObjectInfo: Sendable, Hashable {
    package let key: String
    /// Bytes.
    package let size: Int
    /// Another text for every object of other bytes under this key.
    package let stamp: String

    package init(key: String, size: Int, stamp: String) {
        self.key = key
        self.size = size
        self.stamp = stamp
    }
}

/// A request for one page of a listing.
package struct ListRequest: Sendable, Hashable {
    /// Bytes that the keys begin with; it may end within a name.
    package var prefix: String
    /// True for one level, as of a folder: keys with a `/` behind the prefix appear once, as ``ObjectPage/folders``.
    package var isShallow: Bool
    /// Objects and folders in a page, 1 to 1,000.
    package var limit: Int
    /// ``ObjectPage/next`` of the page before; nil for the first one.
    package var after: PageToken?

    package init(prefix: String = "", isShallow: Bool = false, limit: Int = 1000, after: PageToken? = nil) {
        self.prefix = prefix
        self.isShallow = isShallow
        self.limit = min(max(1, limit), 1000)
        self.after = after
    }
}

/// The place where a listing goes on. Only the store that made it can read it.
package struct PageToken: Sendable, Hashable {
    package let text: String

    package init(_ text: String) { self.text = text }
}

/// A part of a listing.
package struct ObjectPage: Sendable, Hashable {
    package var objects: [ObjectInfo]
    /// Beginnings of keys up to the first `/` behind the prefix, with it; empty unless the request is shallow.
    package var folders: [String]
    /// Nil on the last page.
    package var next: PageToken?

    package init(objects: [ObjectInfo] = [], folders: [String] = [], next: PageToken? = nil) {
        self.objects = objects
        self.folders = folders
        self.next = next
    }
}

extension ObjectStore {
    /// All objects whose keys begin with `prefix`, page after page.
    package func objects(prefix: String) async throws(ObjectStoreError) -> [ObjectInfo] {
        var request = ListRequest(prefix: prefix)
        var objects: [ObjectInfo] = []
        while true {
            let page = try await self.list(request)
            objects += page.objects
            guard let next = page.next else { return objects }
            request.after = next
        }
    }
}
