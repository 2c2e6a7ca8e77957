import Foundation
import MusterBucket
import MusterMetadata
import MusterObjects
import MusterProcess
import MusterStore
import MusterTestSupport
import Testing

@Suite struct BucketLeaseTests {
    private static let run = TwoMachines.key
    private static let times = BucketLease.Times(interval: 0.2, cancelInterval: 0.05)
    private static let elsewhere = ProcessPlace(
        identity: ProcessIdentity(pid: 7, started: 8), boot: "another boot", namespace: "pid:[1]", host: "another-host")

    private static func put(_ count: UInt64, _ place: ProcessPlace = elsewhere, in objects: any ObjectStore)
        async throws
    {
        let sign = LeaseSign(place: place, count: count, interval: 0.2)
        try await objects.put(Data(sign.text.utf8), at: "runs/F/1/lease")
    }

    private static func take(_ objects: any ObjectStore, isNew: Bool = false) async throws -> BucketLease {
        try await BucketLease.take(Self.run, objects, Self.times, isNew: isNew) { _, _ in }
    }

    @Test("An engine elsewhere whose sign grows has the run: another one is refused, and told which")
    func living() async throws {
        let machines = try TwoMachines()
        let objects = machines.objects
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for count in UInt64(1)... {
                    try await Self.put(count, in: objects)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            let error = await #expect(throws: StoreError.self) { _ = try await Self.take(objects) }
            #expect(error?.code == .busy && error?.message.contains("another-host") == true)
            #expect(try await machines.second.metadata.lookAtEngine(of: Self.run))
            let path = machines.second.layout.runLock(flow: "F", run: "1")
            #expect(RunLock.holder(path: path)?.place == Self.elsewhere)
            #expect(RunLock.holderInFolder(path: path) == nil)
            group.cancelAll()
        }
    }

    @Test("The sign of a dead engine elsewhere is waited for, and then the run is taken over")
    func dead() async throws {
        let machines = try TwoMachines()
        try await Self.put(5, in: machines.objects)
        let waited = Heard<Double>()
        let lease = try await BucketLease.take(Self.run, machines.objects, Self.times, isNew: false) { _, seconds in
            waited.add(seconds)
        }
        #expect(waited.all.count == 1 && waited.all.allSatisfy { $0 > 0 && $0 <= 2 })
        #expect(try await BucketLease.read(Self.run, machines.objects)?.sign.place == .own)
        await lease.end()
        #expect(try await BucketLease.read(Self.run, machines.objects) == nil)
    }

    @Test("An engine of this machine that is dead is not waited for")
    func deadHere() async throws {
        let machines = try TwoMachines()
        var place = ProcessPlace.own
        place = ProcessPlace(
            identity: ProcessIdentity(pid: 1 << 22, started: 1), boot: place.boot, namespace: place.namespace,
            host: place.host)
        try await Self.put(5, place, in: machines.objects)
        #expect(try await !machines.second.metadata.lookAtEngine(of: Self.run))
        _ = try await BucketLease.take(Self.run, machines.objects, Self.times, isNew: false) { _, _ in
            Issue.record("it waited")
        }
    }

    @Test("The signs grow; whoever finds another engine's there has lost the run")
    func loss() async throws {
        let machines = try TwoMachines()
        let objects = machines.objects
        let lease = try await Self.take(objects, isNew: true)
        let lost = Heard<ProcessPlace>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await lease.keep(onLoss: { lost.add($0) }, onCancel: { _ in })
            }
            let first = try #require(try await BucketLease.read(Self.run, objects))
            var now = first
            while now.sign.count < first.sign.count + 2 {
                try await Task.sleep(for: .milliseconds(20))
                now = try #require(try await BucketLease.read(Self.run, objects))
            }
            // It may be writing a sign just now, which this one has to outlive.
            while lost.all.isEmpty {
                try await Self.put(99, in: objects)
                try await Task.sleep(for: .milliseconds(50))
            }
            try await group.waitForAll()
        }
        #expect(lost.all == [Self.elsewhere])
        await lease.end()
        #expect(try await BucketLease.read(Self.run, objects)?.sign.place == Self.elsewhere)
    }

    @Test("A request to end the run reaches its engine once, with its author; an old one is forgotten")
    func cancel() async throws {
        let machines = try TwoMachines()
        try await machines.second.bucket.requestCancel(of: Self.run, author: "an old one")
        let lease = try await Self.take(machines.objects)
        let authors = Heard<String>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await lease.keep(onLoss: { _ in }, onCancel: { authors.add($0) })
            }
            try await Task.sleep(for: .milliseconds(200))
            #expect(authors.all.isEmpty)
            try await machines.second.bucket.requestCancel(of: Self.run, author: "ada")
            while authors.all.isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            try await Task.sleep(for: .milliseconds(200))
            group.cancelAll()
            try await group.waitForAll()
        }
        #expect(authors.all == ["ada"])
    }
}
