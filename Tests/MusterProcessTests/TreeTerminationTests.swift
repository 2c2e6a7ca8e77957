import Testing

@testable import MusterProcess

@Suite struct TreeTerminationTests {
    let one = ProcessIdentity(pid: 1, started: 10)
    let two = ProcessIdentity(pid: 2, started: 20)

    private func termination() -> TreeTermination { TreeTermination(start: 100, grace: 50, deadline: 200) }

    @Test("Each process is asked once, newcomers too")
    func asking() throws {
        var termination = self.termination()
        #expect(
            try termination.handle(.scanned([self.one], isCertain: false, now: 100)) == [.ask([self.one]), .scanAgain])
        #expect(try termination.handle(.scanned([self.one], isCertain: false, now: 110)) == [.scanAgain])
        #expect(
            try termination.handle(.scanned([self.one, self.two], isCertain: false, now: 120))
                == [.ask([self.two]), .scanAgain])
    }

    @Test("A process that got the id of one that was asked is asked as well")
    func recycled() throws {
        var termination = self.termination()
        _ = try termination.handle(.scanned([self.one], isCertain: false, now: 100))
        let later = ProcessIdentity(pid: 1, started: 30)
        #expect(try termination.handle(.scanned([later], isCertain: false, now: 110)) == [.ask([later]), .scanAgain])
    }

    @Test("When the grace is over, whoever is there is killed, at every look")
    func killing() throws {
        var termination = self.termination()
        _ = try termination.handle(.scanned([self.one], isCertain: false, now: 100))
        for now: UInt64 in [150, 299] {
            #expect(
                try termination.handle(.scanned([self.one, self.two], isCertain: false, now: now))
                    == [.kill([self.one, self.two]), .scanAgain])
        }
    }

    @Test("Attendants are not asked, and are killed when only they are left or when the grace is over")
    func attendants() throws {
        var termination = TreeTermination(start: 100, grace: 50, deadline: 200, attendants: [self.two])
        let both = [self.one, self.two]
        #expect(
            try termination.handle(.scanned(both, isCertain: false, now: 100)) == [.ask([self.one]), .scanAgain])
        #expect(try termination.handle(.scanned(both, isCertain: false, now: 110)) == [.scanAgain])
        var patient = termination
        #expect(
            try patient.handle(.scanned([self.two], isCertain: false, now: 120)) == [.kill([self.two]), .scanAgain])
        #expect(try termination.handle(.scanned(both, isCertain: false, now: 150)) == [.kill(both), .scanAgain])
    }

    @Test("Without grace nobody is asked")
    func noGrace() throws {
        var termination = TreeTermination(start: 100, grace: 0, deadline: 0)
        #expect(
            try termination.handle(.scanned([self.one], isCertain: false, now: 100)) == [.kill([self.one]), .scanAgain])
    }

    @Test("At the deadline it gives up and names who is left, but never without having killed")
    func deadline() throws {
        var termination = self.termination()
        _ = try termination.handle(.scanned([self.one], isCertain: false, now: 100))
        #expect(
            try termination.handle(.scanned([self.one], isCertain: false, now: 400)) == [.kill([self.one]), .scanAgain])
        #expect(
            try termination.handle(.scanned([self.one], isCertain: false, now: 401)) == [.finish(left: [self.one])])
    }

    @Test("One empty look may have missed somebody; two, or a certain one, have not")
    func emptyLooks() throws {
        var termination = self.termination()
        #expect(try termination.handle(.scanned([], isCertain: false, now: 100)) == [.scanAgain])
        _ = try termination.handle(.scanned([self.one], isCertain: false, now: 101))
        #expect(try termination.handle(.scanned([], isCertain: false, now: 102)) == [.scanAgain])
        #expect(try termination.handle(.scanned([], isCertain: false, now: 103)) == [.finish(left: [])])
        var certain = self.termination()
        #expect(try certain.handle(.scanned([], isCertain: true, now: 100)) == [.finish(left: [])])
    }

    @Test("It ends from the killing phase too")
    func emptyWhileKilling() throws {
        var termination = self.termination()
        _ = try termination.handle(.scanned([self.one], isCertain: false, now: 160))
        #expect(try termination.handle(.scanned([], isCertain: true, now: 161)) == [.finish(left: [])])
    }

    @Test("What comes after the end is refused", arguments: [[], [ProcessIdentity(pid: 1, started: 10)]])
    func over(found: [ProcessIdentity]) throws {
        var termination = self.termination()
        _ = try termination.handle(.scanned([], isCertain: true, now: 100))
        #expect(throws: IllegalTerminationEvent.self) {
            try termination.handle(.scanned(found, isCertain: true, now: 101))
        }
    }
}

@Suite struct ProcessRecordTests {
    private func stat(_ name: String, state: String, flags: Int = 0, threads: Int = 1) -> [UInt8] {
        let zeros = Array(repeating: "0", count: 10).joined(separator: " ")
        return Array("42 (\(name)) \(state) 7 42 42 0 -1 \(flags) \(zeros) \(threads) 0 98765 1 2 3\n".utf8)
    }

    @Test("A process's name may hold anything", arguments: ["sh", "a b", "x) R 1 (", "", "(("])
    func names(name: String) throws {
        let record = try #require(ProcessRecord(stat: self.stat(name, state: "S")))
        #expect(record.identity == ProcessIdentity(pid: 42, started: 98765))
        #expect(record.parent == 7)
        #expect(record.isRunning)
    }

    @Test(
        "A zombie does not run, unless other threads of it do",
        arguments: [("Z", 1, false), ("X", 1, false), ("Z", 2, true), ("T", 1, true)])
    func zombies(state: String, threads: Int, runs: Bool) throws {
        #expect(try #require(ProcessRecord(stat: self.stat("sh", state: state, threads: threads))).isRunning == runs)
    }

    @Test(
        "A process is on its way out before it is dead",
        arguments: [("S", 0x40_0000, false), ("R", 0x40_0004, true), ("Z", 0, true)])
    func exiting(state: String, flags: Int, isExiting: Bool) throws {
        #expect(try #require(ProcessRecord(stat: self.stat("sh", state: state, flags: flags))).isExiting == isExiting)
    }

    @Test("What is no stat file is refused", arguments: ["", "42", "42 (sh", "42 (sh) S", "x (sh) S 1 2 3"])
    func refused(text: String) {
        #expect(ProcessRecord(stat: Array(text.utf8)) == nil)
    }
}

@Suite struct TimerQueueTests {
    @Test("Timers come out when they are due, soonest first, and those of one moment in the order they went in")
    func order() {
        var queue = TimerQueue()
        for (id, due) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 40)] as [(UInt64, UInt64)] {
            queue.insert(TimerQueue.Entry(due: due, id: id, body: {}))
        }
        queue.remove(id: 3)
        #expect(queue.nextDue == 10)
        var fired: [UInt64] = []
        while let timer = queue.next(at: 30) { fired.append(timer.id) }
        #expect(fired == [2, 4, 1])
        #expect(queue.nextDue == 40)
    }
}
