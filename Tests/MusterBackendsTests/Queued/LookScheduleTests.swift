import Testing

@testable import MusterBackends

@Suite struct LookScheduleTests {
    /// The looks within `seconds` when every change and wish comes at once, as fast as the schedule lets them.
    private func looks(_ seconds: Double, wanting: Bool, changing: Bool) -> [Double] {
        var schedule = LookSchedule(BackendCapabilities(), at: 0)
        var looks: [Double] = []
        var now = 0.0
        while now < seconds {
            if schedule.next(at: now) <= now {
                schedule.look(at: now)
                looks.append(now)
            }
            if wanting { schedule.want() }
            if changing { schedule.change(at: now) }
            now += 0.25
        }
        return looks
    }

    @Test("However many gangs cannot wait, no minute has more than six looks")
    func bounded() {
        for (wanting, changing) in [(false, false), (false, true), (true, false), (true, true)] {
            let looks = self.looks(1200, wanting: wanting, changing: changing)
            for start in looks {
                #expect(looks.filter { $0 >= start && $0 < start + 60 }.count <= 6)
            }
        }
    }

    @Test("Somebody who cannot wait is served after a second, and looks become rare after ten quiet minutes")
    func pace() {
        var schedule = LookSchedule(BackendCapabilities(), at: 0)
        #expect(schedule.next(at: 0) == 0)
        schedule.look(at: 0)
        #expect(schedule.next(at: 0) == 10)
        schedule.want()
        #expect(schedule.next(at: 0) == 1)
        schedule.look(at: 1)
        #expect(schedule.next(at: 1) == 11)
        #expect(schedule.next(at: 700) == 31)
        schedule.change(at: 700)
        #expect(schedule.next(at: 700) == 11)
    }

    @Test("At the end of a run the last jobs are looked for every second, and not for ever")
    func last() {
        var schedule = LookSchedule(BackendCapabilities(), at: 0)
        for second in 0..<6 {
            schedule.want()
            schedule.look(at: Double(second))
        }
        #expect(schedule.next(at: 6) == 60)
        schedule.hurry()
        schedule.want()
        var looks: [Double] = []
        for now in 6..<60 where schedule.next(at: Double(now)) <= Double(now) {
            schedule.look(at: Double(now))
            looks.append(Double(now))
        }
        #expect(looks == [6, 7, 8, 9, 10, 11, 21, 31, 41, 51], "then as often as ever")
    }

    @Test("A burst of submissions goes at once, the others one a second")
    func submissions() {
        var budget = SubmissionBudget(BackendCapabilities(), at: 0)
        var count = 0
        while budget.take(at: 0) == nil { count += 1 }
        #expect(count == 20)
        #expect(budget.take(at: 0) == 1)
        #expect(budget.take(at: 0.5) == 0.5)
        #expect(budget.take(at: 1) == nil)
        #expect(budget.take(at: 1) == 1)
        #expect(budget.take(at: 3600) == nil)
    }
}
