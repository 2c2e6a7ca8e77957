/// Assigns a different loopback address to every node on this machine.
///
/// Engines start at random addresses. Two engines may use the same address, because all ports are free ports.
struct LoopbackAddresses: Sendable {
    /// 127.0.0.x and 127.255.x.y are for other programs.
    private static let range = (127 << 24 | 1 << 16)..<(127 << 24 | 255 << 16)
    private var next: Int

    init(start: Int) {
        self.next = Self.range.lowerBound + (start & Int.max) % Self.range.count
    }

    mutating func take(_ count: Int) -> [String] {
        (0..<count).map { _ in self.takeOne() }
    }

    private mutating func takeOne() -> String {
        repeat {
            self.next += 1
            if self.next >= Self.range.upperBound { self.next = Self.range.lowerBound }
        } while self.next & 255 == 0 || self.next & 255 == 255
        return "127.\(self.next >> 16 & 255).\(self.next >> 8 & 255).\(self.next & 255)"
    }
}
