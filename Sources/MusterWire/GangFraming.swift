package import FoundationEssentials

/// The framing of the gang protocol: 4 bytes of length, big-endian, then a message in JSON; or, with the highest bit of
/// the length set, 4 bytes that name a broadcast, big-endian, and a piece of its file. With the second highest bit set it
/// is a piece of a message that the next frame goes on with.
package enum GangFraming {
    /// The longest message before the hello was answered, in bytes: a stranger cannot make an agent hold more.
    package static let maximumHello = 4 << 10
    /// The longest frame after it.
    package static let maximumLength = 4 << 20
    /// The longest message after it, in as many frames as it takes.
    package static let maximumMessage = 1 << 30
    /// Set in the length of a frame that is a piece of a file.
    package static let dataBit: UInt32 = 1 << 31
    /// Set in the length of a frame whose message the next frame goes on with.
    package static let moreBit: UInt32 = 1 << 30

    /// What stands before `count` bytes of a broadcast's file. `count` is at most ``maximumLength`` less 4.
    package static func dataHeader(broadcast: Int, count: Int) -> [UInt8] {
        let words = [UInt32(count + 4) | Self.dataBit, UInt32(truncatingIfNeeded: broadcast)]
        return words.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
    }

    /// `message` as one frame, or as several where it is long.
    /// - Throws: ``GangFramingError`` when it is longer than ``maximumMessage``.
    package static func encode(_ message: GangMessage) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = try encoder.encode(message)
        guard body.count <= Self.maximumMessage else {
            throw GangFramingError.tooLong(length: body.count, limit: Self.maximumMessage)
        }
        var frames = Data(capacity: body.count + 4 * (body.count / Self.maximumLength + 1))
        var rest = body[...]
        repeat {
            let piece = rest.prefix(Self.maximumLength)
            rest = rest.dropFirst(piece.count)
            let length = UInt32(piece.count) | (rest.isEmpty ? 0 : Self.moreBit)
            withUnsafeBytes(of: length.bigEndian) { frames.append(contentsOf: $0) }
            frames.append(piece)
        } while !rest.isEmpty
        return frames
    }
}

/// What one frame holds.
package enum GangFrame: Sendable, Equatable {
    case message(GangMessage)
    /// A piece of a message, which has not come as a whole yet.
    case piece
    /// The next piece of the file of a broadcast.
    case data(broadcast: Int, Data)
}

/// Collects bytes of one connection and gives out its frames, in order.
///
/// After an error the connection cannot be read any further: where the next message begins is unknown.
package struct GangFrameDecoder: Sendable {
    /// The longest message that is accepted next, in bytes.
    package var limit: Int
    private var pending = Data()
    /// How many bytes of those have been given out.
    private var taken = 0
    /// The pieces of a message that has not come as a whole.
    private var pieces = Data()

    package init(limit: Int = GangFraming.maximumHello) { self.limit = limit }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        // What was given out goes when there is more of it than of what has to be moved.
        if self.taken > self.pending.count / 2 {
            self.pending = Data(self.pending.dropFirst(self.taken))
            self.taken = 0
        }
        // In one piece where they lie in one: byte by byte would cost more than what is done with them.
        let isTaken: Void? = bytes.withContiguousStorageIfAvailable { self.pending.append($0) }
        if isTaken == nil { self.pending.append(contentsOf: bytes) }
    }

    private var left: Int { self.pending.count - self.taken }

    /// The next whole frame; nil until more bytes come.
    /// - Throws: ``GangFramingError``.
    package mutating func next() throws(GangFramingError) -> GangFrame? {
        guard self.left >= 4 else { return nil }
        let word = self.word(at: 0)
        let isData = word & GangFraming.dataBit != 0
        let hasMore = !isData && word & GangFraming.moreBit != 0
        let length = Int(word & ~(isData ? GangFraming.dataBit : GangFraming.moreBit))
        guard length > (isData ? 4 : 0) else { throw .empty }
        guard length <= self.limit else { throw .tooLong(length: length, limit: self.limit) }
        // Who has not been admitted sends no files.
        guard !isData || self.limit > GangFraming.maximumHello else { throw .unknown("a piece of a file") }
        guard !hasMore || self.limit > GangFraming.maximumHello else { throw .unknown("a piece of a message") }
        guard self.left >= 4 + length else { return nil }
        if isData { return .data(broadcast: Int(self.word(at: 4)), self.take(after: 8, 4 + length)) }
        var body = self.take(after: 4, 4 + length)
        guard self.pieces.count + body.count <= GangFraming.maximumMessage else {
            throw .tooLong(length: self.pieces.count + body.count, limit: GangFraming.maximumMessage)
        }
        if hasMore {
            self.pieces.append(body)
            return .piece
        }
        if !self.pieces.isEmpty {
            body = self.pieces + body
            self.pieces = Data()
        }
        do {
            return .message(try JSONDecoder().decode(GangMessage.self, from: body))
        } catch {
            throw .unknown(String(decoding: body.prefix(80), as: UTF8.self))
        }
    }

    private func word(at offset: Int) -> UInt32 {
        let start = self.pending.startIndex + self.taken + offset
        return self.pending[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Takes the first `end` bytes away and returns those of them that come after `start`.
    private mutating func take(after start: Int, _ end: Int) -> Data {
        let first = self.pending.startIndex + self.taken
        self.taken += end
        return Data(self.pending[first + start..<first + end])
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
