import Glibc
import MusterProcess
import Synchronization
import Testing

@Suite struct ReactorTests {
    let reactor: ProcessReactor

    init() throws { self.reactor = try ProcessReactor() }

    @Test("A watched pipe delivers what is written and then its end")
    func watch() async throws {
        var ends: [CInt] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reader, writer) = (ends[0], ends[1])
        let (events, report) = AsyncStream<String>.makeStream()
        self.reactor.watch(
            reader, onRead: { report.yield(String(decoding: $0, as: UTF8.self)) }, onEnd: { report.finish() })
        _ = Glibc.write(writer, "hello", 5)
        var text = ""
        for await event in events {
            text += event
            if text == "hello" { close(writer) }
        }
        #expect(text == "hello")
        close(reader)
    }

    @Test(
        "A regular file and the null device are read to their end",
        arguments: [("/proc/self/status", true), ("/dev/null", false), ("/etc/passwd", true)])
    func watchFile(path: String, hasContent: Bool) async throws {
        let file = open(path, O_RDONLY)
        #expect(file >= 0)
        let (events, report) = AsyncStream<Int>.makeStream()
        self.reactor.watch(file, onRead: { report.yield($0.count) }, onEnd: { report.finish() })
        let size = await events.reduce(0, +)
        #expect((size > 0) == hasContent)
        close(file)
    }

    @Test("Timers fire in the order in which they are due, and a cancelled one never")
    func timers() async throws {
        let (events, report) = AsyncStream<Int>.makeStream()
        self.reactor.schedule(after: 0.8) {
            report.yield(3)
            report.finish()
        }
        self.reactor.schedule(after: 0.05) { report.yield(1) }
        let cancelled = self.reactor.schedule(after: 0.4) { report.yield(9) }
        self.reactor.schedule(after: 0.4) { report.yield(2) }
        cancelled.cancel()
        #expect(await events.reduce(into: [Int]()) { $0.append($1) } == [1, 2, 3])
    }

    @Test("A signal to this program goes to its handler, as often as it came")
    func signalHandler() async throws {
        let (events, report) = AsyncStream<CInt>.makeStream()
        self.reactor.handleSignals([SIGUSR1]) { report.yield($0) }
        kill(getpid(), SIGUSR1)
        #expect(await events.first { _ in true } == SIGUSR1)
    }

    @Test("Whoever started a process is told when a signal stops it, and when it goes on")
    func stops() async throws {
        let (events, report) = AsyncStream<Bool>.makeStream()
        let process = try self.reactor.spawn(
            ProcessSpec(executable: "sleep", arguments: ["600"], environment: Launch.environment),
            onOutput: { _, _ in }, onExit: { _ in report.finish() }, onStop: { report.yield($0) })
        process.signal(SIGSTOP)
        var told: [Bool] = []
        for await isStopped in events {
            told.append(isStopped)
            #expect(ProcessTree.isStopped(process.pid) == isStopped)
            process.signal(isStopped ? SIGCONT : SIGKILL)
        }
        #expect(told == [true, false])
    }

    @Test("Asking the reactor from one of its own callbacks does not deadlock")
    func reentrance() async throws {
        let reactor = self.reactor
        let (events, report) = AsyncStream<MusterProcess.ExitStatus>.makeStream()
        reactor.perform {
            _ = try? reactor.spawn(
                ProcessSpec(executable: "true", environment: Launch.environment), onOutput: { _, _ in },
                onExit: { report.yield($0) })
        }
        #expect(await events.first { _ in true } == .exited(0))
    }

    @Test("Each spawn costs little", .timeLimit(.minutes(1)))
    func cost() async throws {
        let start = ContinuousClock.now
        for _ in 0..<100 { _ = try Launch(self.reactor, ProcessSpec(executable: "/bin/true", environment: [:])) }
        let each = (ContinuousClock.now - start) / 100
        print("spawn: \(each)")
        #expect(each < .milliseconds(20))
    }
}
