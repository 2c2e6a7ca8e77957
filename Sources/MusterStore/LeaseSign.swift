import Glibc
package import MusterProcess
import MusterSystem

/// The sign of life of a run's engine, as a lease holds it: the engine's process, and a number that grows.
package struct LeaseSign: Sendable, Equatable {
    package var place: ProcessPlace
    package var count: UInt64
    /// Seconds between two signs.
    package var interval: Double

    package var text: String { "\(self.place.text)\(self.count)\n\(self.interval)\n" }

    package init(place: ProcessPlace, count: UInt64, interval: Double) {
        self.place = place
        self.count = count
        self.interval = interval
    }

    /// Reads what ``text`` wrote; nil for anything else.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 7, let place = ProcessPlace(text: text), let count = UInt64(lines[5]),
            let interval = Double(lines[6]), interval > 0, interval < 3600
        else { return nil }
        self.init(place: place, count: count, interval: interval)
    }

    /// Reads the file at `path`; nil when there is none. It is opened anew, because NFS checks its cache then. One that
    /// is being written is read again.
    static func read(_ path: String) -> LeaseSign? {
        for _ in 0..<10 {
            guard let bytes = FileContents.read(path, limit: 2048) else { return nil }
            if let sign = LeaseSign(text: String(decoding: bytes, as: UTF8.self)) { return sign }
            usleep(20_000)
        }
        return nil
    }

    /// Of another machine, or of an earlier boot of this one: the kernel's lock says nothing about it.
    package var isElsewhere: Bool { self.place.boot != ProcessPlace.own.boot }
}
