package import FoundationEssentials

/// The framing of the gang protocol: 4 bytes of length, big-endian, then a message in JSON.
package enum GangFraming {
    /// The longest message before the hello was answered, in bytes: a stranger cannot make an agent hold more.
    package static let maximumHello = 4 << 10
    /// The longest message after it.
    package static let maximumLength = 4 << 20

    /// `message` as one frame.
    /// - Throws: ``GangFramingError`` when it is longer than ``maximumLength``.
    package static func encode(_ message: GangMessage) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(message)
        guard body.count <= Self.maximumLength else {
            throw GangFramingError.tooLong(length: body.count, limit: Self.maximumLength)
        }
        var frame = Data(capacity: body.count + 4)
        withUnsafeBytes(of: UInt32(body.count).bigEndian) { frame.append(contentsOf: $0) }
        frame.append(body)
        return frame
    }
}

/// Collects bytes of one connection and gives out its messages, in order.
///
/// After an error the connection cannot be read any further: where the next message begins is unknown.
package struct GangFrameDecoder: Sendable {
    /// The longest message that is accepted next, in bytes.
    package var limit: Int
    private var pending = Data()

    package init(limit: Int = GangFraming.maximumHello) { self.limit = limit }

    package mutating func append(_ bytes: some Sequence<UInt8>) { self.pending.append(contentsOf: bytes) }

    /// The next whole message; nil until more bytes come.
    /// - Throws: ``GangFramingError``.
    package mutating func next() throws(GangFramingError) -> GangMessage? {
        guard self.pending.count >= 4 else { return nil }
        let start = self.pending.startIndex
        let length = self.pending[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length > 0 else { throw .empty }
        guard length <= self.limit else { throw .tooLong(length: length, limit: self.limit) }
        guard self.pending.count >= 4 + length else { return nil }
        let body = Data(self.pending[start + 4..<start + 4 + length])
        self.pending = Data(self.pending[(start + 4 + length)...])
        do {
            return try JSONDecoder().decode(GangMessage.self, from: body)
        } catch {
            throw .unknown(String(decoding: body.prefix(80), as: UTF8.self))
        }
    }
}

/// A peer broke the framing of the gang protocol.
package enum GangFramingError: Error, Equatable, CustomStringConvertible {
    case empty
    case tooLong(length: Int, limit: Int)
    case unknown(String)

    package var description: String {
        switch self {
        case .empty: "an empty message was received"
        case .tooLong(let length, let limit): "a message of \(length) bytes is longer than the \(limit) allowed"
        case .unknown(let start): "a message was received that is not of the gang protocol: \(start)"
        }
    }
}
