/// Seconds that are waited.
package struct HTTPTiming: Sendable, Hashable {
    /// For a connection, and again for its TLS.
    package var connect: Double
    /// Without a byte in either direction, before and within an answer.
    package var stall: Double
    /// Until an idle connection is not used again: servers close theirs after 5 to 60 s.
    package var idle: Double

    package init(connect: Double = 4, stall: Double = 10, idle: Double = 4) {
        self.connect = connect
        self.stall = stall
        self.idle = idle
    }
}
