import FoundationEssentials
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Values in memory that are to be stored, behind one another in one file.
final class S3Values {
    private let path: String
    private var file: OpenFile?
    private var end = 0

    init(path: String) { self.path = path }

    func remove() {
        guard self.file != nil else { return }
        unlink(self.path)
    }

    func item(for object: S3Put, at url: String) throws -> TransferItem {
        var item = TransferItem(
            url, contentType: object.contentType, encryption: object.encryption,
            metadata: object.metadata.isEmpty ? nil : object.metadata)
        switch object.source {
        case .file(let path): item.path = FilePaths.absolute(path)
        case .data(let data):
            item.path = self.path
            item.offset = self.end
            item.length = data.count
            try self.append(data)
        }
        return item
    }

    private func append(_ data: Data) throws {
        do throws(SystemError) {
            let file = if let file = self.file { file } else { try OpenFile(creating: self.path) }
            self.file = file
            let result = data.withUnsafeBytes { bytes in
                // The closure of `withUnsafeBytes` cannot throw a typed error.
                Result { () throws(SystemError) in try file.write(bytes) }
            }
            try result.get()
            self.end += data.count
        } catch {
            throw S3Error(.file, "\(error)")
        }
    }
}
