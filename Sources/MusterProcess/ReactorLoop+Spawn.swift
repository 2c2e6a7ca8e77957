internal import CMusterPlatform
internal import Glibc
internal import MusterModel

/// Starting programs.
extension ReactorLoop {
    /// Starts the child's program and begins to watch it. Returns its process id.
    func spawn(_ child: ChildProcess) throws(SpawnError) -> Int32 {
        let spec = child.spec
        let path = try Self.path(of: spec)
        var channels = Channels()
        defer { channels.closeTheirs() }
        do throws(SpawnError) {
            try self.open(&channels, for: spec)
            child.started(pid: try self.execute(spec, path: path, descriptors: channels.theirs))
        } catch {
            channels.closeOurs()
            throw error
        }
        self.children[child.pid] = child
        self.attach(channels, to: child)
        return child.pid
    }

    private static func path(of spec: ProcessSpec) throws(SpawnError) -> String {
        let texts =
            [spec.executable, spec.workingDirectory ?? ""] + spec.arguments
            + spec.environment.flatMap { [$0.key, $0.value] }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw SpawnError(
                reason: .invalid,
                message:
                    "\(spec.executable) cannot be started: an argument or a variable of its environment holds a NUL")
        }
        let searched = spec.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        guard !spec.executable.isEmpty,
            let path = ExecutableSearch.find(spec.executable, path: searched, folder: spec.workingDirectory)
        else {
            throw SpawnError(
                reason: .notFound,
                message:
                    "\(spec.executable.isEmpty ? "a program without a name" : spec.executable) cannot be started: it is not on the PATH, which is \(searched)"
            )
        }
        return path
    }

    // MARK: Descriptors

    /// The descriptors of one spawn: those of the child, and those of this program.
    struct Channels {
        /// For 0, 1 and 2 of the child.
        var theirs: [CInt] = []
        /// Those of ``theirs`` that were opened for the child alone.
        var temporary: [CInt] = []
        var input: CInt?
        var outputs: [(ProcessStream, CInt)] = []

        mutating func closeTheirs() {
            for descriptor in self.temporary { close(descriptor) }
            self.temporary = []
        }

        mutating func closeOurs() {
            for descriptor in [self.input].compactMap({ $0 }) + self.outputs.map(\.1) { close(descriptor) }
        }
    }

    private func open(_ channels: inout Channels, for spec: ProcessSpec) throws(SpawnError) {
        switch spec.standardInput {
        case .inherit: channels.theirs.append(STDIN_FILENO)
        case .descriptor(let descriptor): channels.theirs.append(descriptor)
        case .null where self.null >= 0: channels.theirs.append(self.null)
        case .null, .pipe:
            let ends = try Self.pipe(for: spec)
            channels.theirs.append(ends.read)
            channels.temporary.append(ends.read)
            // In a root folder without a null device a pipe that is closed at once does as well.
            if spec.standardInput == .pipe {
                channels.input = ends.write
            } else {
                channels.temporary.append(ends.write)
            }
        }
        try self.open(spec.standardOutput, own: STDOUT_FILENO, .standardOutput, &channels, spec)
        try self.open(spec.standardError, own: STDERR_FILENO, .standardError, &channels, spec)
    }

    private func open(
        _ output: ProcessSpec.Output, own: CInt, _ stream: ProcessStream, _ channels: inout Channels,
        _ spec: ProcessSpec
    ) throws(SpawnError) {
        switch output {
        case .inherit: channels.theirs.append(own)
        case .descriptor(let descriptor): channels.theirs.append(descriptor)
        case .null:
            guard self.null >= 0 else { throw SpawnError.refused(spec, doing: "/dev/null", error: ENOENT) }
            channels.theirs.append(self.null)
        case .pipes:
            let ends = try Self.pipe(for: spec)
            channels.theirs.append(ends.write)
            channels.temporary.append(ends.write)
            channels.outputs.append((stream, ends.read))
        }
    }

    private static func pipe(for spec: ProcessSpec) throws(SpawnError) -> (read: CInt, write: CInt) {
        var ends: (read: CInt, write: CInt) = (-1, -1)
        let failed = muster_pipe(&ends.read, &ends.write)
        guard failed == 0 else { throw SpawnError.refused(spec, doing: "no pipe", error: -failed) }
        return ends
    }

    private func attach(_ channels: Channels, to child: ChildProcess) {
        if let descriptor = channels.input {
            _ = muster_set_nonblocking(descriptor)
            child.input.descriptor = descriptor
            child.input.id = self.nextID()
            self.add(descriptor, id: child.input.id, events: 0, as: .input(child))
        }
        for (stream, descriptor) in channels.outputs {
            _ = muster_set_nonblocking(descriptor)
            let pipe = OutputPipe(descriptor: descriptor, id: self.nextID())
            child.outputs[stream] = pipe
            if self.outputHolds > 0 {
                self.sources[pipe.id] = .output(child, stream)
            } else {
                self.add(descriptor, id: pipe.id, events: EPOLLIN.rawValue, as: .output(child, stream))
            }
        }
        if channels.outputs.isEmpty { self.perform { _ in child.deliverOutputEnd() } }
    }

    // MARK: Execution

    private func execute(_ spec: ProcessSpec, path: String, descriptors: [CInt]) throws(SpawnError) -> Int32 {
        let arguments = CStrings([spec.executable] + spec.arguments)
        let environment = CStrings(
            spec.environment.map { "\($0.key)=\($0.value)" }, and: ProcessEnvironment.others(than: spec.environment))
        var stage = MUSTER_STAGE_FORK
        let result = path.withCString { path in
            Self.withOptionalCString(spec.workingDirectory) { folder in
                var request = muster_spawn_request(
                    path: path, arguments: arguments.pointers, environment: environment.pointers, folder: folder,
                    descriptors: (descriptors[0], descriptors[1], descriptors[2]),
                    closes_others: spec.inheritsDescriptors ? 0 : 1,
                    new_session: spec.newSession ? 1 : 0, death_signal: spec.parentDeathSignal ?? 0)
                return muster_spawn(&request, &stage)
            }
        }
        guard result < 0 else { return result }
        switch stage {
        case MUSTER_STAGE_FOLDER: throw SpawnError.folder(of: spec, error: -result)
        case MUSTER_STAGE_EXEC: throw SpawnError.execution(of: spec, path: path, error: -result)
        case MUSTER_STAGE_FORK: throw SpawnError.refused(spec, doing: "no further process", error: -result)
        default: throw SpawnError.refused(spec, doing: "its session or descriptors", error: -result)
        }
    }

    private static func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result)
        -> Result
    {
        guard let text else { return body(nil) }
        return text.withCString(body)
    }
}

/// Texts as C wants them, for as long as this object lives.
private final class CStrings {
    let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    /// - Parameter others: Bytes that need not be UTF-8, none of them 0.
    init(_ texts: [String], and others: [[UInt8]] = []) {
        self.count = texts.count + others.count
        self.pointers = .allocate(capacity: self.count + 1)
        for (index, text) in texts.enumerated() { (self.pointers + index).initialize(to: strdup(text)) }
        for (index, bytes) in others.enumerated() {
            let copy = bytes.withUnsafeBufferPointer { buffer in
                buffer.baseAddress.flatMap {
                    strndup(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self), buffer.count)
                }
            }
            (self.pointers + texts.count + index).initialize(to: copy)
        }
        (self.pointers + self.count).initialize(to: nil)
    }

    deinit {
        for index in 0..<self.count { free(self.pointers[index]) }
        self.pointers.deallocate()
    }
}
