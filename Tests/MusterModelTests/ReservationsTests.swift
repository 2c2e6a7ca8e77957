import MusterModel
import Testing

@Suite struct ReservationsTests {
    static let machine = MachineCapacity(cpus: 4, memory: 8_000_000_000, gpus: 4)

    static func attempt(_ task: Int) -> AttemptID { AttemptID(flow: "F", run: "1", step: "s", task: task, attempt: 0) }

    @Test("A gang that may be smaller gets as many nodes as are free, never more than there are")
    func elastic() {
        var reservations = Reservations(capacity: MachineCapacity(cpus: 4, memory: 100, gpus: 0), maxWorkers: 16)
        let one = Resources(cpu: 1)
        func size(_ task: Int, _ sizes: ClosedRange<Int>) -> Int? {
            guard case .granted(let allotments, false) = reservations.reserve(Self.attempt(task), sizes: sizes, resources: one)
            else { return nil }
            return allotments.count
        }
        #expect(size(1, 2...8) == 4)
        #expect(size(2, 1...8) == nil)
        reservations.release(Self.attempt(1))
        #expect(size(3, 1...3) == 3)
        #expect(size(4, 1...3) == 1)
    }

    @Test("Two gangs that each fit alone hold all they need in turn, never half of it")
    func allOrNone() {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 16)
        let wanted = Resources(cpu: 1, gpu: 1)
        #expect(
            reservations.reserve(Self.attempt(1), nodes: 3, resources: wanted)
                == .granted([0, 1, 2].map { NodeAllotment(cpus: 1, gpus: [$0]) }, isOversized: false))
        #expect(reservations.reserve(Self.attempt(2), nodes: 3, resources: wanted) == .wait)
        // The one that waits holds nothing: a smaller one still fits, on the GPU that is left.
        #expect(
            reservations.reserve(Self.attempt(3), nodes: 1, resources: wanted)
                == .granted([NodeAllotment(cpus: 1, gpus: [3])], isOversized: false))
        reservations.release(Self.attempt(1))
        reservations.release(Self.attempt(3))
        guard case .granted = reservations.reserve(Self.attempt(2), nodes: 3, resources: wanted) else {
            Issue.record("the second gang has to fit now")
            return
        }
    }

    @Test("A gang that exceeds the cpus or the workers runs, but alone", arguments: [(6, 16), (3, 2)])
    func oversized(nodes: Int, maxWorkers: Int) {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: maxWorkers)
        let small = Resources(cpu: 1)
        _ = reservations.reserve(Self.attempt(1), nodes: 1, resources: small)
        #expect(reservations.reserve(Self.attempt(2), nodes: nodes, resources: small) == .wait)
        reservations.release(Self.attempt(1))
        guard case .granted(_, isOversized: true) = reservations.reserve(Self.attempt(2), nodes: nodes, resources: small)
        else {
            Issue.record("alone it has to run")
            return
        }
        #expect(reservations.reserve(Self.attempt(3), nodes: 1, resources: small) == .wait)
        #expect(reservations.reserve(Self.attempt(3), nodes: 1, resources: nil) == .wait)
    }

    @Test("More memory or GPUs than the machine has is refused at once", arguments: [
        (1, Resources(cpu: 1, memory: 9_000_000_000)), (3, Resources(cpu: 1, memory: 3_000_000_000)),
        (1, Resources(cpu: 1, gpu: 5)), (3, Resources(cpu: 1, gpu: 2)), (4096, Resources(cpu: 1, memory: .max)),
    ])
    func never(nodes: Int, resources: Resources) {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 16)
        guard case .never(let reason) = reservations.reserve(Self.attempt(1), nodes: nodes, resources: resources) else {
            Issue.record("it can never run here")
            return
        }
        #expect(reason.contains("this machine has"))
    }

    @Test("Random gangs never hold more than there is, and every one of them gets its turn")
    func random() {
        var generator = SystemRandomNumberGenerator()
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 6)
        var running: [(Int, Int, Resources)] = []
        var granted = 0
        for task in 1...2000 {
            let nodes = Int.random(in: 1...4, using: &generator)
            let wanted = Resources(
                cpu: Int.random(in: 0...1, using: &generator), gpu: Int.random(in: 0...1, using: &generator),
                memory: Int.random(in: 0...2_000_000_000, using: &generator))
            while true {
                guard case .granted(let allotments, _) = reservations.reserve(Self.attempt(task), nodes: nodes, resources: wanted)
                else {
                    guard let victim = running.indices.randomElement(using: &generator) else {
                        Issue.record("\(nodes) × \(wanted) waits for nobody")
                        return
                    }
                    reservations.release(Self.attempt(running.remove(at: victim).0))
                    continue
                }
                #expect(allotments.count == nodes)
                granted += 1
                break
            }
            running.append((task, nodes, wanted))
            #expect(running.reduce(0) { $0 + $1.1 * $1.2.cpu } <= Self.machine.cpus)
            #expect(running.reduce(0) { $0 + $1.1 * $1.2.memory } <= Self.machine.memory)
            #expect(running.reduce(0) { $0 + $1.1 * $1.2.gpu } <= Self.machine.gpus)
            #expect(running.reduce(0) { $0 + $1.1 } <= 6)
        }
        #expect(granted == 2000)
    }
}
