import FoundationEssentials
import MusterModel
import MusterSystem

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A type whose artifact is its memory: little-endian numbers without a header, or plain bytes.
protocol RawArtifact {
    static var rawEncoding: ArtifactEncoding { get }
    /// Reads a whole file with at most one copy.
    init(rawFile path: String) throws
    /// Calls the closure with the bytes in place.
    func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

/// A number of fixed width.
protocol RawNumber: BitwiseCopyable {
    static var rawEncoding: ArtifactEncoding { get }
}

extension Int8: RawNumber { static var rawEncoding: ArtifactEncoding { .int8 } }
extension Int16: RawNumber { static var rawEncoding: ArtifactEncoding { .int16 } }
extension Int32: RawNumber { static var rawEncoding: ArtifactEncoding { .int32 } }
extension Int64: RawNumber { static var rawEncoding: ArtifactEncoding { .int64 } }
extension Int: RawNumber { static var rawEncoding: ArtifactEncoding { .int64 } }
extension UInt8: RawNumber { static var rawEncoding: ArtifactEncoding { .uint8 } }
extension UInt16: RawNumber { static var rawEncoding: ArtifactEncoding { .uint16 } }
extension UInt32: RawNumber { static var rawEncoding: ArtifactEncoding { .uint32 } }
extension UInt64: RawNumber { static var rawEncoding: ArtifactEncoding { .uint64 } }
extension UInt: RawNumber { static var rawEncoding: ArtifactEncoding { .uint64 } }
extension Float: RawNumber { static var rawEncoding: ArtifactEncoding { .float32 } }
extension Double: RawNumber { static var rawEncoding: ArtifactEncoding { .float64 } }

extension Array: RawArtifact where Element: RawNumber {
    static var rawEncoding: ArtifactEncoding { Element.rawEncoding }

    init(rawFile path: String) throws {
        let file = try OpenFile(path, O_RDONLY)
        let size = try file.status().size
        let stride = MemoryLayout<Element>.stride
        guard size.isMultiple(of: stride) else {
            throw StepFailure(.store, "it has \(size) bytes, which is not a whole number of \(Element.self)")
        }
        try self.init(unsafeUninitializedCapacity: size / stride) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            let read = try file.fill(bytes)
            guard read == size else { throw StepFailure(.store, "it ends after \(read) of \(size) bytes") }
            count = size / stride
        }
    }

    func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try self.withUnsafeBytes(body)
    }
}

extension Data: RawArtifact {
    static var rawEncoding: ArtifactEncoding { .data }

    /// Maps the file, which is never changed after it was written.
    init(rawFile path: String) throws {
        let file = try OpenFile(path, O_RDONLY)
        let size = try file.status().size
        guard size > 0 else {
            self = Data()
            return
        }
        let bytes = try file.map(size)
        self.init(
            bytesNoCopy: bytes, count: size, deallocator: .custom { address, count in munmap(address, count) })
    }

    func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try self.withUnsafeBytes(body)
    }
}
