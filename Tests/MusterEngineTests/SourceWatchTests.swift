import MusterStore
import MusterTestSupport
import MusterWire
import Synchronization
import Testing

@testable import MusterEngine

@Suite struct SourceWatchTests {
    /// A clock that goes on by what each reading is told to cost.
    private final class Clock: Sendable {
        let time = Mutex(0.0)
        let step = Mutex(0.0)

        func read() -> Double {
            self.time.withLock { time in
                defer { time += self.step.withLock { $0 } }
                return time
            }
        }
    }

    private let folder: TestFolder
    private let clock = Clock()

    init() throws {
        self.folder = try TestFolder()
        try self.folder.write("flow.py", "one")
        try self.folder.write("data.csv", "one")
    }

    private func watch() throws -> SourceWatch {
        let clock = self.clock
        return SourceWatch(
            workFolder: self.folder.path, package: try CodePackage(folder: self.folder.path), program: ["python", "x"],
            now: { clock.read() })
    }

    @Test("After a look of a second the next one comes a hundred seconds later, unless it is the last")
    func pauses() throws {
        var watch = try self.watch()
        self.clock.step.withLock { $0 = 1 }
        #expect(watch.look(isLast: false) == nil)
        try self.folder.write("flow.py", "two, longer")
        self.clock.step.withLock { $0 = 0 }
        self.clock.time.withLock { $0 = 100.9 }
        #expect(watch.look(isLast: false) == nil)
        #expect(watch.place.revision == 0)
        self.clock.time.withLock { $0 = 101 }
        #expect(watch.look(isLast: false)?.hasPrefix("flow.py has changed since the run began") == true)
        #expect(watch.place.revision == 1)
    }

    @Test("The last look is never left out, and a change of data alone is no news for people")
    func last() throws {
        var watch = try self.watch()
        self.clock.step.withLock { $0 = 1 }
        #expect(watch.look(isLast: false) == nil)
        try self.folder.write("data.csv", "two, longer")
        #expect(watch.look(isLast: true) == nil)
        #expect(watch.place.revision == 1)
    }
}
