package import FoundationEssentials

/// The framing of the gang protocol: 4 bytes of length, big-endian, then a message in JSON. With the highest bit of the
/// length set, the frame holds 4 bytes that number a broadcast, big-endian, and a piece of its file. With the second
/// highest bit set, it holds a piece of a message that the next frame continues.
package enum GangFraming {
    /// The longest message before the hello was answered, in bytes: the bound on the memory that an
    /// unauthenticated connection can take.
    package static let maximumHello = 4 << 10
    /// The longest frame after it.
    package static let maximumLength = 4 << 20
    /// The longest message after it, in as many frames as it takes.
    package static let maximumMessage = 1 << 30
    /// Set in the length of a frame that is a piece of a file.
    package static let dataBit: UInt32 = 1 << 31
    /// Set in the length of a frame whose message the next frame continues.
    package static let moreBit: UInt32 = 1 << 30

    /// The header of a frame with `count` bytes of a broadcast's file. `count` is at most ``maximumLength`` - 4.
    package static func dataHeader(broadcast: Int, count: Int) -> [UInt8] {
        let words = [UInt32(count + 4) | Self.dataBit, UInt32(truncatingIfNeeded: broadcast)]
        return words.flatMap { word in withUnsafeBytes(of: word.bigEndian) { Array($0) } }
    }

    /// Encodes `message` as one frame, or as several when it is longer than ``maximumLength``.
    /// - Throws: ``GangFramingError`` when it is longer than ``maximumMessage``.
    package static func encode(_ message: some GangMessage) throws -> Data {
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

/// The content of one frame.
package enum GangFrame<Message: GangMessage>: Sendable, Equatable {
    case message(Message)
    /// A piece of a message that is still incomplete.
    case piece
    /// The next piece of a broadcast's file.
    case data(broadcast: Int, Data)
}

/// Collects the bytes of one connection and returns its frames in order.
///
/// An error is final: the start of the next frame is unknown after it.
package struct GangFrameDecoder<Message: GangMessage>: Sendable {
    /// The longest message that is accepted next, in bytes.
    package var limit: Int
    private var pending = Data()
    /// The number of bytes at the start of `pending` that were returned already.
    private var taken = 0
    /// The pieces of an incomplete message.
    private var pieces = Data()

    package init(limit: Int = GangFraming.maximumHello) { self.limit = limit }

    package mutating func append(_ bytes: some Sequence<UInt8>) {
        // The buffer is compacted when more of it was returned than has to be moved: amortised O(1) a byte.
        if self.taken > self.pending.count / 2 {
            self.pending = Data(self.pending.dropFirst(self.taken))
            self.taken = 0
        }
        // One memcpy where the bytes are contiguous; a generic append goes byte by byte.
        let isTaken: Void? = bytes.withContiguousStorageIfAvailable { self.pending.append($0) }
        if isTaken == nil { self.pending.append(contentsOf: bytes) }
    }

    private var left: Int { self.pending.count - self.taken }

    /// The next whole frame; nil until more bytes come.
    /// - Throws: ``GangFramingError``.
    package mutating func next() throws(GangFramingError) -> GangFrame<Message>? {
        guard self.left >= 4 else { return nil }
        let word = self.word(at: 0)
        let isData = word & GangFraming.dataBit != 0
        let hasMore = !isData && word & GangFraming.moreBit != 0
        let length = Int(word & ~(isData ? GangFraming.dataBit : GangFraming.moreBit))
        guard length > (isData ? 4 : 0) else { throw .empty }
        guard length <= self.limit else { throw .tooLong(length: length, limit: self.limit) }
        // Before its admission a peer sends neither files nor long messages.
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
            return .message(try JSONDecoder().decode(Message.self, from: body))
        } catch {
            throw .unknown(String(decoding: body.prefix(80), as: UTF8.self))
        }
    }

    private func word(at offset: Int) -> UInt32 {
        let start = self.pending.startIndex + self.taken + offset
        return self.pending[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Removes the first `end` bytes and returns those after `start`.
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
