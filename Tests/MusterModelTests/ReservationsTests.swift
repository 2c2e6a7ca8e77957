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
            guard
                case .granted(let allotments, false) = reservations.reserve(
                    Self.attempt(task), sizes: sizes, ResourceDemand(needs: one))
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
            reservations.reserve(Self.attempt(1), nodes: 3, ResourceDemand(needs: wanted))
                == .granted([0, 1, 2].map { NodeAllotment(cpus: 1, gpus: [$0]) }, isOversized: false))
        #expect(reservations.reserve(Self.attempt(2), nodes: 3, ResourceDemand(needs: wanted)) == .wait)
        // The one that waits holds nothing: a smaller one still fits, on the GPU that is left.
        #expect(
            reservations.reserve(Self.attempt(3), nodes: 1, ResourceDemand(needs: wanted))
                == .granted([NodeAllotment(cpus: 1, gpus: [3])], isOversized: false))
        reservations.release(Self.attempt(1))
        reservations.release(Self.attempt(3))
        guard case .granted = reservations.reserve(Self.attempt(2), nodes: 3, ResourceDemand(needs: wanted)) else {
            Issue.record("the second gang has to fit now")
            return
        }
    }

    @Test("A gang that exceeds the cpus or the workers runs, but alone", arguments: [(6, 16), (3, 2)])
    func oversized(nodes: Int, maxWorkers: Int) {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: maxWorkers)
        let small = Resources(cpu: 1)
        _ = reservations.reserve(Self.attempt(1), nodes: 1, ResourceDemand(needs: small))
        #expect(reservations.reserve(Self.attempt(2), nodes: nodes, ResourceDemand(needs: small)) == .wait)
        reservations.release(Self.attempt(1))
        guard
            case .granted(_, isOversized: true) = reservations.reserve(
                Self.attempt(2), nodes: nodes, ResourceDemand(needs: small))
        else {
            Issue.record("alone it has to run")
            return
        }
        #expect(reservations.reserve(Self.attempt(3), nodes: 1, ResourceDemand(needs: small)) == .wait)
        #expect(reservations.reserve(Self.attempt(3), nodes: 1, ResourceDemand(needs: nil)) == .wait)
    }

    @Test(
        "A gang that exceeds the memory runs, but alone",
        arguments: [
            (1, 9_000_000_000), (3, 3_000_000_000), (4096, Int.max),
        ])
    func memory(nodes: Int, memory: Int) {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 4096)
        let large = ResourceDemand(needs: Resources(cpu: 0, memory: memory))
        _ = reservations.reserve(Self.attempt(1), nodes: 1, ResourceDemand(needs: Resources(cpu: 1)))
        #expect(reservations.reserve(Self.attempt(2), nodes: nodes, large) == .wait)
        reservations.release(Self.attempt(1))
        guard case .granted(_, isOversized: true) = reservations.reserve(Self.attempt(2), nodes: nodes, large) else {
            Issue.record("alone it has to run")
            return
        }
        #expect(reservations.reserve(Self.attempt(3), nodes: 1, ResourceDemand(needs: nil)) == .wait)
    }

    @Test(
        "More GPUs than the machine has are refused at once, in the flow's own words",
        arguments: [
            (1, 5, "python", "@resources(gpu=5) asks for 5 GPUs, and this machine has 4; `--without-gpus`"),
            (
                3, 2, "swift",
                "@Resources(gpu: 2) asks for 2 GPUs on each of 3 nodes, and this machine has 4; `--without-gpus`"
            ),
        ])
    func never(nodes: Int, gpus: Int, language: String, words: String) {
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 16)
        let demand = ResourceDemand(needs: Resources(cpu: 1, gpu: gpus))
        guard case .never(let shortage) = reservations.reserve(Self.attempt(1), nodes: nodes, demand) else {
            Issue.record("it can never run here")
            return
        }
        let refusal = shortage.refusal(
            of: "train", in: FlowManifest(name: "F", language: language, folder: "/", steps: []))
        #expect(refusal.hasPrefix("step train cannot run here: \(words)"), "\(refusal)")
    }

    @Test(
        "What is asked for elsewhere is met as far as the machine goes, and what is needed counts in full",
        arguments: [
            (
                1, nil, Resources(cpu: 8, gpu: 8, memory: 64_000_000_000),
                Resources(cpu: 4, gpu: 4, memory: 8_000_000_000)
            ),
            (2, nil, Resources(cpu: 8, gpu: 1, memory: 0), Resources(cpu: 2, gpu: 1, memory: 0)),
            (
                8, nil, Resources(cpu: 8, gpu: 1, memory: 8_000_000_000),
                Resources(cpu: 1, gpu: 0, memory: 1_000_000_000)
            ),
            (1, Resources(cpu: 6, gpu: 2), Resources(cpu: 8, gpu: 1), Resources(cpu: 6, gpu: 2)),
            (1, nil, Resources(cpu: 0, gpu: 0), Resources(cpu: 0, gpu: 0)),
        ] as [(Int, Resources?, Resources, Resources)])
    func elsewhere(nodes: Int, needs: Resources?, elsewhere: Resources, reserved: Resources) {
        let demand = ResourceDemand(needs: needs, elsewhere: elsewhere)
        #expect(demand.reserved(nodes: nodes, of: Self.machine) == reserved)
        var reservations = Reservations(capacity: Self.machine, maxWorkers: 16)
        guard case .granted = reservations.reserve(Self.attempt(1), nodes: nodes, demand) else {
            Issue.record("a ceiling refuses nothing")
            return
        }
    }

    @Test("What is not had of it is said in words")
    func shortfall() {
        let demand = ResourceDemand(needs: nil, elsewhere: Resources(cpu: 2, gpu: 8, memory: 64 << 30))
        #expect(
            demand.shortfall(nodes: 1, of: Self.machine)
                == "asks for 8 GPUs and 64 GiB of memory elsewhere, and gets 4 and 7.5 GiB on this machine")
        #expect(ResourceDemand(needs: nil, elsewhere: Resources(cpu: 4)).shortfall(nodes: 1, of: Self.machine) == nil)
        #expect(ResourceDemand(needs: Resources(cpu: 99)).shortfall(nodes: 1, of: Self.machine) == nil)
    }

    @Test(
        "Amounts of memory are read as people write them",
        arguments: [
            ("64G", 64 << 30), ("64GiB", 64 << 30), ("64 gi", 64 << 30), ("65536M", 64 << 30), ("64GB", 64_000_000_000),
            ("1.5T", 3 << 39), ("512k", 512 << 10), ("1000", 1000), ("1000B", 1000), ("0", 0), ("64X", nil), ("G", nil),
            ("", nil), ("-1G", nil), ("1e9", nil), ("99999P", nil), ("0x10", nil), ("64GG", nil), ("nan", nil),
        ] as [(String, Int?)])
    func amounts(text: String, bytes: Int?) {
        #expect(ByteAmount.bytes(text) == bytes)
    }

    @Test(
        "Sizes are printed in powers of 1024, with a tenth where there is one",
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (100 << 20, "100 MiB"),
            (1 << 30, "1 GiB"), (3 << 29, "1.5 GiB"), (2 << 40, "2048 GiB"), (Int.max, "8589934592 GiB"),
        ])
    func printed(bytes: Int, text: String) {
        #expect(ByteText.of(bytes) == text)
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
                guard
                    case .granted(let allotments, _) = reservations.reserve(
                        Self.attempt(task), nodes: nodes, ResourceDemand(needs: wanted))
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
