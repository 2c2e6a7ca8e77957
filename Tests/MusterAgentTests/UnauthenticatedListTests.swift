import Testing

@testable import MusterAgent

@Suite struct UnauthenticatedListTests {
    @Test("Of too many the oldest that has said nothing goes; the newest has had no time to speak")
    func silentFirst() {
        var list = UnauthenticatedList<Int>(limit: 3)
        for id in 1...3 { #expect(list.add(id) == nil) }
        list.spoke(1)
        #expect(list.add(4) == 2)
        list.spoke(3)
        list.spoke(4)
        #expect(list.add(5) == 1, "none but the newest is silent: the oldest that speaks goes")
        #expect(list.add(6) == 5)
    }

    @Test("Who has the key is no stranger: it is never the one to go, and does not count")
    func left() {
        var list = UnauthenticatedList<Int>(limit: 2)
        for id in 1...2 { _ = list.add(id) }
        list.spoke(1)
        list.remove(1)
        list.remove(1)
        list.spoke(1)
        #expect(list.add(3) == nil)
        #expect(list.add(4) == 2)
        #expect(list.add(5) == 3)
    }

    @Test("There are never more than the limit, whatever comes in whatever order", arguments: 1...40)
    func bounded(seed: Int) {
        var list = UnauthenticatedList<Int>(limit: 5)
        var (there, random) = (Set<Int>(), UInt64(seed))
        for id in 0..<500 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            there.insert(id)
            if let gone = list.add(id) {
                let wasThere = there.remove(gone) != nil
                #expect(wasThere && gone != id)
            }
            let other = id - Int(random >> 33) % 6
            if random >> 60 < 6 { list.spoke(other) }
            if random >> 60 > 12 {
                list.remove(other)
                there.remove(other)
            }
            #expect(there.count <= 5)
        }
    }

    @Test("With room for one, the one that is there goes for the next")
    func one() {
        var list = UnauthenticatedList<Int>(limit: 1)
        #expect(list.add(1) == nil)
        list.spoke(1)
        #expect(list.add(2) == 1)
        #expect(list.add(3) == 2)
    }
}
