import FoundationEssentials

/// The folder through which Swift and Python hand each other arrays of numbers: raw, without a header.
struct Folder {
    let path: String

    init(_ path: String) { self.path = path }

    func data(_ name: String) throws -> Data {
        try Data(contentsOf: self.file(name))
    }

    func read<Number: BitwiseCopyable>(_ name: String) throws -> [Number] {
        let data = try self.data(name)
        return [Number](unsafeUninitializedCapacity: data.count / MemoryLayout<Number>.stride) { buffer, count in
            count = data.copyBytes(to: buffer) / MemoryLayout<Number>.stride
        }
    }

    func write<Number: BitwiseCopyable>(_ numbers: [Number], _ name: String) throws {
        try numbers.withUnsafeBytes { Data($0) }.write(to: self.file(name))
    }

    private func file(_ name: String) -> URL { URL(fileURLWithPath: "\(self.path)/\(name)") }
}
