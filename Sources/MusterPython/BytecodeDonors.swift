internal import FoundationEssentials
internal import Glibc
internal import MusterSystem

/// Links bytecode of the same packages from other environments of the same interpreter into a new environment.
///
/// Nothing is compiled when an environment is made: Python compiles each module at its first import and writes the
/// `.pyc` beside it. Two packages are equal when their `RECORD` files, which list a digest of every file, are equal
/// byte for byte. A `.pyc` is linked when the modification time and size in its header match the source in the new
/// environment; Python checks the same at each import. Hard links are safe, because Python replaces a `.pyc` and never
/// writes into it. The first import of large packages then compiles nothing (Benchmarks: environment).
struct BytecodeDonors {
    /// The number of environments to search, newest first.
    private static let most = 32

    private let donors: [String]
    private let tag: String

    /// - Parameter environments: The folder of all environments; those of other interpreters are left alone.
    init(environments: String, python: PythonInterpreter, except own: String) {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: environments)) ?? []
        let sameOwner = found.map { "\(environments)/\($0)" }.filter { $0 != own && Self.isPrivate($0) }
        let dated = sameOwner.compactMap { folder -> (folder: String, time: Int)? in
            guard EnvironmentPlan.marker(at: folder)?.python == python else { return nil }
            return FileStamp(folder).map { (folder, $0.modified) }
        }
        self.donors = dated.sorted { $0.time > $1.time }.prefix(Self.most).map(\.folder)
        self.tag = python.abi.split(separator: "-").prefix(2).joined(separator: "-")
        self.packages =
            "lib/python\(python.version.split(separator: ".").prefix(2).joined(separator: "."))/site-packages"
    }

    private let packages: String

    /// Links the donors' bytecode into the environment at `folder`.
    /// - Returns: The number of linked files.
    @discardableResult
    func give(to folder: String) -> Int {
        guard !self.donors.isEmpty else { return 0 }
        let own = "\(folder)/\(self.packages)"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: own)) ?? []).filter {
            $0.hasSuffix(".dist-info")
        }
        return names.reduce(0) { count, name in
            guard let record = FileManager.default.contents(atPath: "\(own)/\(name)/RECORD") else { return count }
            return count + self.give(self.sources(in: record), to: own, from: self.having(name, record))
        }
    }

    /// The donors with an equal package.
    private func having(_ name: String, _ record: Data) -> [String] {
        self.donors.map { "\($0)/\(self.packages)" }.filter {
            FileManager.default.contents(atPath: "\($0)/\(name)/RECORD") == record
        }
    }

    /// Modules as `RECORD` lists them, as lines of a path, a digest and a size.
    private func sources(in record: Data) -> [Substring] {
        String(decoding: record, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
            let path = line.prefix { $0 != "," }
            return path.hasSuffix(".py") && !path.hasPrefix("../") && !path.hasPrefix("\"") ? path : nil
        }
    }

    private func give(_ sources: [Substring], to own: String, from donors: [String]) -> Int {
        guard !donors.isEmpty else { return 0 }
        var made: Set<String> = []
        return sources.reduce(0) { count, source in
            let slash = source.lastIndex(of: "/")
            let folder = "\(slash.map { "/\(source[..<$0])" } ?? "")/__pycache__"
            let name = source[(slash.map(source.index(after:)) ?? source.startIndex)...].dropLast(3)
            let compiled = "\(folder)/\(name).\(self.tag).pyc"
            guard let donor = donors.first(where: { CompiledFile.fits("\($0)\(compiled)", source: "\(own)/\(source)") })
            else { return count }
            if made.insert(folder).inserted { mkdir("\(own)\(folder)", 0o755) }
            return link("\(donor)\(compiled)", "\(own)\(compiled)") == 0 ? count + 1 : count
        }
    }

    /// True if only this user can write to the folder.
    private static func isPrivate(_ folder: String) -> Bool {
        FileStatus(ofLink: folder).map { $0.isFolder && $0.isWrittenByOwnerAlone } ?? false
    }
}

/// A file of bytecode, `.pyc`.
enum CompiledFile {
    /// True if Python would accept the file for `source`: its header holds the source's modification time in seconds
    /// and size in bytes, modulo 2^32. Source: PEP 3147, PEP 552.
    static func fits(_ path: String, source: String) -> Bool {
        guard let header = FileContents.read(path, limit: 16), header.count == 16, let stamp = FileStamp(source) else {
            return false
        }
        let word = { (index: Int) in
            header[index..<index + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        return word(4) == 0 && word(8) == UInt32(truncatingIfNeeded: stamp.modified / 1_000_000_000)
            && word(12) == UInt32(truncatingIfNeeded: stamp.size)
    }
}
