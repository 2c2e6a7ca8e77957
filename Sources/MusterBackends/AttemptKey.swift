import FoundationEssentials

/// The random key of one attempt, from which its agents prove to each other that they belong together.
enum AttemptKey {
    /// 32 bytes of the system's generator.
    static func random() -> Data {
        Data((0..<32).map { _ in UInt8.random(in: 0...255) })
    }
}
