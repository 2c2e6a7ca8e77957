internal import CMusterPlatform
internal import Dispatch
internal import Glibc
internal import MusterModel
internal import MusterSystem
internal import Synchronization

/// The reactor's thread and everything that belongs to it.
///
/// `@unchecked Sendable`: other threads touch only ``mailbox`` (a `Mutex`), ``identifiers`` and ``thread`` (atomics) and
/// the constant descriptors; everything else belongs to the reactor's thread.
final class ReactorLoop: @unchecked Sendable {
    /// The purpose of a descriptor in epoll.
    enum Source {
        case wake
        case signals
        case output(ChildProcess, ProcessStream)
        case input(ChildProcess)
        case watched(Watched)
    }

    struct Watched {
        let descriptor: CInt
        let onRead: @Sendable (UnsafeRawBufferPointer) -> Void
        let onEnd: @Sendable () -> Void
    }

    let poller: CInt
    private let wake: CInt
    let signalCounter: CInt
    /// Null device, or -1 in a root folder that has none.
    let null: CInt
    private let identifiers = Atomic<UInt64>(0)
    private let thread = Atomic<CInt>(0)
    private let mailbox = Mutex<[@Sendable (ReactorLoop) -> Void]>([])

    var sources: [UInt64: Source] = [:]
    /// Not yet reaped, by process id.
    var children: [Int32: ChildProcess] = [:]
    var signalHandlers: [CInt: @Sendable (CInt) -> Void] = [:]
    var onReap: [UInt64: @Sendable () -> Void] = [:]
    /// True when this program adopts orphans and all of them descend from its own children.
    var ownsOrphans = false
    /// The number of holds on output: ``ProcessReactor/holdOutput()`` without its ``ProcessReactor/resumeOutput()``.
    var outputHolds = 0
    /// The number of tools that run. Orphans of one may still serve another.
    var tools = 0
    private var timers = TimerQueue()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

    private init() throws(ReactorError) {
        self.poller = epoll_create1(CInt(EPOLL_CLOEXEC))
        self.wake = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        self.signalCounter = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
        self.null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard self.poller >= 0, self.wake >= 0, self.signalCounter >= 0 else {
            throw ReactorError(message: "processes cannot be watched: \(SystemError.text(errno))")
        }
    }

    /// Makes the loop and starts its thread.
    static func start() throws(ReactorError) -> ReactorLoop {
        let loop = try ReactorLoop()
        muster_ignore_broken_pipes()
        loop.add(loop.wake, id: loop.nextID(), events: EPOLLIN.rawValue, as: .wake)
        loop.add(loop.signalCounter, id: loop.nextID(), events: EPOLLIN.rawValue, as: .signals)
        let failed = muster_signal_count(SIGCHLD, loop.signalCounter)
        guard failed == 0 else {
            throw ReactorError(message: "children cannot be watched: \(SystemError.text(-failed))")
        }
        var thread = pthread_t()
        // Never released: the thread lives as long as the program.
        let context = Unmanaged.passRetained(loop).toOpaque()
        let error = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ReactorLoop>.fromOpaque(context).takeUnretainedValue().run()
                return nil
            }, context)
        guard error == 0 else { throw ReactorError(message: "no thread for processes: \(SystemError.text(error))") }
        pthread_detach(thread)
        return loop
    }

    func nextID() -> UInt64 { self.identifiers.wrappingAdd(1, ordering: .relaxed).newValue }

    // MARK: Asking the loop

    /// Queues `job` for the reactor's thread. Jobs run in the order in which they were queued.
    func perform(_ job: @escaping @Sendable (ReactorLoop) -> Void) {
        let wasEmpty = self.mailbox.withLock { jobs in
            jobs.append(job)
            return jobs.count == 1
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        _ = Glibc.write(self.wake, &one, 8)
    }

    /// Runs `body` on the reactor's thread and waits for its answer.
    func call<Answer: Sendable>(_ body: @escaping @Sendable (ReactorLoop) -> Answer) -> Answer {
        if self.thread.load(ordering: .relaxed) == muster_thread_id() { return body(self) }
        let handoff = Handoff<Answer>()
        self.perform { loop in handoff.put(body(loop)) }
        return handoff.take()
    }

    // MARK: The loop

    private func run() {
        self.thread.store(muster_thread_id(), ordering: .relaxed)
        muster_hear_children()
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let timeout = ReactorClock.timeout(until: self.timers.nextDue, now: ReactorClock.now())
            let count = epoll_wait(self.poller, &events, CInt(events.count), timeout)
            for index in 0..<max(0, Int(count)) {
                // A callback of the same batch may have removed the source.
                guard let source = self.sources[events[index].data.u64] else { continue }
                self.handle(source, id: events[index].data.u64, events: events[index].events)
            }
            self.runMailbox()
            let now = ReactorClock.now()
            while let timer = self.timers.next(at: now) {
                timer.body()
            }
        }
    }

    private func runMailbox() {
        let jobs = self.mailbox.withLock { jobs in
            let taken = jobs
            jobs = []
            return taken
        }
        for job in jobs { job(self) }
    }

    private func handle(_ source: Source, id: UInt64, events: UInt32) {
        switch source {
        case .wake: self.drainCounter(self.wake)
        case .signals:
            self.drainCounter(self.signalCounter)
            self.takeSignals()
        case .output(let child, let stream): self.readOutput(of: child, stream)
        case .input(let child): self.inputReady(of: child, events: events)
        case .watched(let watched): self.read(watched, id: id)
        }
    }

    private func drainCounter(_ descriptor: CInt) {
        var count: UInt64 = 0
        _ = Glibc.read(descriptor, &count, 8)
    }

    // MARK: Descriptors and timers

    /// Registers a descriptor. Returns false when epoll refuses it.
    @discardableResult
    func add(_ descriptor: CInt, id: UInt64, events: UInt32, as source: Source) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(u64: id))
        guard epoll_ctl(self.poller, EPOLL_CTL_ADD, descriptor, &event) == 0 else { return false }
        self.sources[id] = source
        return true
    }

    func change(_ descriptor: CInt, id: UInt64, events: UInt32) {
        var event = epoll_event(events: events, data: epoll_data_t(u64: id))
        epoll_ctl(self.poller, EPOLL_CTL_MOD, descriptor, &event)
    }

    func remove(_ descriptor: CInt, id: UInt64) {
        self.sources[id] = nil
        var event = epoll_event()
        epoll_ctl(self.poller, EPOLL_CTL_DEL, descriptor, &event)
    }

    func schedule(_ entry: TimerQueue.Entry) { self.timers.insert(entry) }
    func unschedule(_ id: UInt64) { self.timers.remove(id: id) }
}

/// One value from the reactor's thread to a thread that waits for it.
private final class Handoff<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func put(_ value: Value) {
        self.value.withLock { $0 = value }
        self.isThere.signal()
    }

    func take() -> Value {
        while true {
            self.isThere.wait()
            if let value = self.value.withLock({ $0 }) { return value }
        }
    }
}
