package import MusterStore
import MusterSystem
package import MusterWire

/// Watches the source on which steps run in place for changes since the start of the run.
///
/// Every change makes agents reload the flow's program. People are told of changes to code only, because steps write
/// into the flow's folder too.
package struct SourceWatch: Sendable {
    private struct File: Sendable {
        let path: String
        /// For people.
        let name: String
        var stamp: FileStamp?
    }

    /// The folders and the revision that every gang gets.
    package private(set) var place: InPlace
    private var files: [File]
    private var isTold = false
    /// A look that took t is followed by a pause of 100 t, so looks take at most 1 % of the time.
    private var nextLook = -Double.infinity
    private let now: @Sendable () -> Double
    private static let rarity = 100.0

    /// - Parameters:
    ///   - workFolder: The folder from which the flow was started.
    ///   - package: The flow's files, as the run begins with them.
    ///   - program: The flow program, whose parts that are files belong to the source.
    ///   - now: Seconds since an arbitrary moment.
    package init(
        workFolder: String, package: CodePackage, program: [String], now: @escaping @Sendable () -> Double = Uptime.now
    ) {
        self.now = now
        self.place = InPlace(workFolder: workFolder, flowFolder: package.folder)
        let own = package.files.map { ("\(package.folder)/\($0.path)", $0.path) }
        // The program of a flow in Swift; that of one in Python is an interpreter.
        let built = program.count == 1 ? program.map { ($0, $0) } : []
        self.files = (own + built).map { File(path: $0.0, name: $0.1, stamp: FileStamp($0.0)) }
    }

    /// Compares the files with their stamps, if a look is due.
    /// - Returns: The sentence for people, once.
    mutating func look(isLast: Bool) -> String? {
        let start = self.now()
        guard isLast || start >= self.nextLook else { return nil }
        var changed: [String] = []
        for index in self.files.indices {
            let stamp = FileStamp(self.files[index].path)
            guard stamp != self.files[index].stamp else { continue }
            self.files[index].stamp = stamp
            changed.append(self.files[index].name)
        }
        let end = self.now()
        self.nextLook = end + (end - start) * Self.rarity
        if !changed.isEmpty { self.place.revision += 1 }
        return self.warning(changed.filter(Self.isCode))
    }

    private mutating func warning(_ changed: [String]) -> String? {
        guard !self.isTold, let first = changed.first else { return nil }
        self.isTold = true
        let others = changed.count > 1 ? " and \(changed.count - 1) more files have" : " has"
        return "\(first)\(others) changed since the run began; its code package has what was there then, and steps run "
            + "what they find"
    }

    private static let suffixes: Set<Substring> = [
        "py", "pyx", "ipynb", "swift", "sh", "c", "cc", "cpp", "cxx", "h", "hpp", "cu", "r", "R", "jl", "rs", "go",
        "java",
    ]

    /// A name without a suffix is a program's.
    private static func isCode(_ name: String) -> Bool {
        let last = name.split(separator: "/").last ?? ""
        guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return name.hasPrefix("/") }
        return self.suffixes.contains(last[last.index(after: dot)...])
    }
}
