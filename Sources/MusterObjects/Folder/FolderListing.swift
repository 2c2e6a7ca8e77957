import Glibc
import MusterSystem

/// One page of a folder's objects, found by a walk in the order of their keys.
struct FolderListing {
    private let root: String
    private let request: ListRequest
    private var page = ObjectPage()
    /// The key or the folder that came last in this page.
    private var last: String?
    private var isFull = false

    init(root: String, _ request: ListRequest) {
        self.root = root
        self.request = request
    }

    mutating func make() throws(SystemError) -> ObjectPage {
        try self.walk(self.root, key: "")
        if self.isFull { self.page.next = self.last.map(PageToken.init) }
        return self.page
    }

    private struct Entry {
        let path: String
        /// With a slash at the end for a folder: the order of keys is that of these texts.
        let key: String
        /// Nil for a folder.
        let file: FileStamp?
    }

    private mutating func walk(_ folder: String, key: String) throws(SystemError) {
        for entry in try self.entries(of: folder, key: key) {
            guard let file = entry.file else {
                if self.request.isShallow, entry.key.utf8.starts(with: self.request.prefix.utf8),
                    entry.key.utf8.count > self.request.prefix.utf8.count
                {
                    // Folders go with their last object; an empty one is being made or removed.
                    if try self.holdsObject(entry), !self.add({ $0.folders.append(entry.key) }, entry.key) { return }
                } else {
                    try self.walk(entry.path, key: entry.key)
                }
                if self.isFull { return }
                continue
            }
            guard entry.key.utf8.starts(with: self.request.prefix.utf8) else { continue }
            guard
                self.add(
                    { $0.objects.append(ObjectInfo(key: entry.key, size: file.size, stamp: "\(file)")) }, entry.key)
            else { return }
        }
    }

    /// Returns false, with the page full, when there is no room for one more.
    private mutating func add(_ change: (inout ObjectPage) -> Void, _ key: String) -> Bool {
        guard self.page.objects.count + self.page.folders.count < self.request.limit else {
            self.isFull = true
            return false
        }
        change(&self.page)
        self.last = key
        return true
    }

    private func holdsObject(_ folder: Entry) throws(SystemError) -> Bool {
        for entry in try self.all(folder.path, key: folder.key) {
            if entry.file != nil { return true }
            if try self.holdsObject(entry) { return true }
        }
        return false
    }

    /// The entries that can lead to objects of this page, in order.
    private func entries(of folder: String, key: String) throws(SystemError) -> [Entry] {
        let prefix = self.request.prefix
        return try self.all(folder, key: key).filter { entry in
            guard
                entry.key.utf8.starts(with: prefix.utf8)
                    || (entry.file == nil && prefix.utf8.starts(with: entry.key.utf8))
            else { return false }
            guard let after = self.request.after?.text else { return true }
            if ObjectKey.isBefore(after, entry.key) { return true }
            // The walk has to enter the folders above the place where it goes on; a listed folder is over.
            return entry.file == nil && after.utf8.starts(with: entry.key.utf8)
                && !after.utf8.elementsEqual(entry.key.utf8)
        }
        .sorted { ObjectKey.isBefore($0.key, $1.key) }
    }

    private func all(_ folder: String, key: String) throws(SystemError) -> [Entry] {
        guard let names = Folder.names(in: folder) else {
            let number = errno
            // Folders come and go with the objects in them.
            if number == ENOENT { return [] }
            throw SystemError(number, "list \(folder)")
        }
        return names.compactMap { name in
            guard !(key.isEmpty && name == FolderKey.incoming), let part = FolderKey.part(name) else { return nil }
            let path = "\(folder)/\(name)"
            guard let status = FileStatus(path) else { return nil }
            if status.isFolder { return Entry(path: path, key: "\(key)\(part)/", file: nil) }
            return status.isFile ? Entry(path: path, key: "\(key)\(part)", file: status.stamp) : nil
        }
    }
}
