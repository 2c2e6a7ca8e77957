package import MusterModel

/// The fixed name of an attempt's job, by which it is found again when nobody knows whether it was accepted:
/// `mu-k3v9x2qa-train-12-0`.
///
/// At most 52 characters of `[a-z0-9-]`: Kubernetes adds an index to it, and takes 63.
package enum JobName {
    /// Characters of the step's name that are kept.
    private static let longestStep = 20

    package static func of(_ attempt: AttemptID, store: String) -> String {
        let step = attempt.step.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        let prefix = self.prefix(flow: attempt.flow, run: attempt.run, store: store)
        return "\(prefix)\(String(step.prefix(self.longestStep)))-\(attempt.task)-\(attempt.attempt)"
    }

    /// How the names of all jobs of one run in one store begin.
    package static func prefix(flow: String, run: String, store: String) -> String {
        "mu-\(self.digest([store, flow, run]))-"
    }

    /// How the names of all jobs of the run begin that the job called `name` belongs to.
    package static func prefix(ofName name: String) -> String {
        let parts = name.split(separator: "-", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? "\(parts[0])-\(parts[1])-" : name
    }

    /// Forty bits as eight characters. Two runs of one user share a digest once in a million pairs of a million runs.
    private static func digest(_ texts: [String]) -> String {
        // FNV-1a; the lengths keep ["ab", "c"] and ["a", "bc"] apart.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for text in texts {
            for shift in [0, 8, 16, 24] { add(UInt8(truncatingIfNeeded: text.utf8.count >> shift)) }
            for byte in text.utf8 { add(byte) }
        }
        // The low bits of FNV depend on the last byte most: the finalizer of SplitMix64 spreads them.
        hash = (hash ^ hash >> 30) &* 0xbf58_476d_1ce4_e5b9
        hash = (hash ^ hash >> 27) &* 0x94d0_49bb_1331_11eb
        hash ^= hash >> 31
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        return String((0..<8).map { alphabet[Int(hash >> (24 + 5 * $0) & 31)] })
    }
}
