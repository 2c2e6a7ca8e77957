import FoundationEssentials
import MusterCourier
package import MusterMetadata
package import MusterModel

/// A run in the bucket's index: all that a listing shows stands in the key, so that a listing of 1,000 runs is one
/// request.
///
///     index/8235012345678901.eyJmIjoiVHJhaW4iLCJyIjoi…
///
/// The number is 10¹⁶ less the microseconds at which the run was created, since listings go upwards and the newest comes
/// first; the rest is JSON in base64 for addresses. An entry without a verdict is replaced when the run has ended.
package struct IndexEntry: Sendable, Equatable {
    package var run: ListedRun

    package init(_ run: ListedRun) { self.run = run }

    private struct Text: Codable {
        var f: String
        var r: String
        var u: String?
        var o: String?
        var v: RunVerdict?
        var e: Double?
    }

    /// The longest user's name that is kept, so that the key is short enough.
    private static let longestName = 100
    private static let top = 10_000_000_000_000_000

    package var key: String {
        let text = Text(
            f: self.run.key.flow, r: self.run.key.run, u: self.run.user.map { String($0.prefix(Self.longestName)) },
            o: self.run.originRun, v: self.run.verdict, e: self.run.finished)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts and finite numbers can always be encoded.
        let json = (try? encoder.encode(text)) ?? Data()
        return "\(self.head)\(Self.address(json.base64EncodedString()))"
    }

    /// The beginning of the key, which the run's other entry shares.
    var head: String {
        let microseconds = Int((self.run.created * 1e6).rounded())
        return "\(BucketLayout.index)\(BucketLayout.padded(Self.top - min(max(0, microseconds), Self.top), 16))."
    }

    /// Reads a key; nil for anything else.
    package init?(key: String) {
        let parts = key.dropFirst(BucketLayout.index.count).split(separator: ".")
        guard key.hasPrefix(BucketLayout.index), parts.count == 2, let number = Int(parts[0]),
            let json = Data(base64Encoded: Self.plain(String(parts[1]))),
            let text = try? JSONDecoder().decode(Text.self, from: json)
        else { return nil }
        self.run = ListedRun(
            key: RunKey(flow: text.f, run: text.r), created: Double(Self.top - number) / 1e6, finished: text.e,
            verdict: text.v, user: text.u, originRun: text.o)
    }

    private static func address(_ base64: String) -> String {
        String(base64.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" })
    }

    private static func plain(_ text: String) -> String {
        let base64 = String(text.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        return base64 + String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    }
}
