import Foundation
import MusterProcess
import Synchronization
import Testing

@testable import MusterStore

/// The sign of life beside a run's lock.
@Suite struct RunLeaseTests {
    fileprivate static let interval = 0.05
    private static let elsewhere = ProcessPlace(
        identity: ProcessIdentity(pid: 7, started: 1), boot: "another", namespace: "pid:[1]", host: "node9")

    private func withLock(_ body: (_ lock: String, _ lease: String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-lease-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body("\(folder)/engine.lock", "\(folder)/engine.lease")
    }

    private func write(_ count: UInt64, _ path: String, place: ProcessPlace = Self.elsewhere) throws {
        let sign = LeaseSign(place: place, count: count, interval: Self.interval)
        try Data(sign.text.utf8).write(to: URL(filePath: path), options: .atomic)
    }

    /// Writes signs of another machine, from a thread of its own: the one that waits for them blocks.
    private final class Heart: Sendable {
        private let isOver = Mutex(false)

        init(_ write: @escaping @Sendable (UInt64) -> Void) {
            write(1)
            Thread.detachNewThread {
                var count: UInt64 = 1
                while !self.isOver.withLock({ $0 }) {
                    Thread.sleep(forTimeInterval: RunLeaseTests.interval)
                    count += 1
                    write(count)
                }
            }
        }

        func stop() { self.isOver.withLock { $0 = true } }
    }

    private func take(_ lock: String, onLoss: @escaping @Sendable (ProcessPlace) -> Void = { _ in }) throws -> RunLock {
        try RunLock(path: lock, timeout: 0, interval: Self.interval, onLoss: onLoss)
    }

    @Test("A sign is read as it was written, and anything else is none")
    func text() {
        let sign = LeaseSign(place: Self.elsewhere, count: 41, interval: 2)
        #expect(LeaseSign(text: sign.text) == sign)
        for text in [
            "", "7\n1\nanother\n", sign.text.replacing("\n2.0\n", with: "\n"), sign.text.replacing("41", with: "x"),
        ] {
            #expect(LeaseSign(text: text) == nil)
        }
    }

    @Test("The sign grows while the lock is held, and goes with it")
    func grows() async throws {
        try await self.withLock { lock, lease in
            var held: RunLock? = try self.take(lock)
            let first = try #require(LeaseSign.read(lease))
            #expect(first.place == .own && held != nil)
            for _ in 0..<200 where LeaseSign.read(lease) == first { try await Task.sleep(for: .milliseconds(10)) }
            #expect(LeaseSign.read(lease)?.count ?? 0 > first.count)
            held = nil
            #expect(LeaseSign.read(lease) == nil)
        }
    }

    @Test("A sign of another machine that grows refuses the run, and shows its engine")
    func living() async throws {
        try await self.withLock { lock, lease in
            let heart = Heart { try? self.write($0, lease) }
            defer { heart.stop() }
            let error = #expect(throws: StoreError.self) { try self.take(lock) }
            #expect(error?.code == .busy && error?.message.contains("node9") == true)
            #expect(RunLock.holder(path: lock)?.place == Self.elsewhere)
        }
    }

    @Test("One that stands still for ten intervals is taken over, and one of this boot at once")
    func still() async throws {
        try await self.withLock { lock, lease in
            try self.write(5, lease)
            let begin = ContinuousClock.now
            let held = try self.take(lock)
            #expect(begin.duration(to: .now) >= .seconds(Self.interval * 10))
            #expect(LeaseSign.read(lease)?.place == .own)
            withExtendedLifetime(held) {}
        }
        try await self.withLock { lock, lease in
            let dead = ProcessPlace(
                identity: ProcessIdentity(pid: 7, started: 1), boot: ProcessPlace.own.boot, namespace: "", host: "here")
            try self.write(5, lease, place: dead)
            #expect(RunLock.holder(path: lock) == nil)
            let begin = ContinuousClock.now
            let held = try self.take(lock)
            #expect(begin.duration(to: .now) < .seconds(Self.interval * 10))
            withExtendedLifetime(held) {}
        }
    }

    @Test("An engine whose sign was replaced is told once, and leaves the other's sign alone")
    func lost() async throws {
        try await self.withLock { lock, lease in
            let losses = Mutex<[ProcessPlace]>([])
            var held: RunLock? = try self.take(lock) { place in losses.withLock { $0.append(place) } }
            try self.write(9, lease)
            for _ in 0..<200 where losses.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(10)) }
            try await Task.sleep(for: .seconds(Self.interval * 3))
            #expect(losses.withLock { $0 } == [Self.elsewhere])
            #expect(held != nil)
            held = nil
            #expect(LeaseSign.read(lease)?.count == 9)
        }
    }
}
