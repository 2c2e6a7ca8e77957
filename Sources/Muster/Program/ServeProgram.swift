import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import CMusterPlatform
    import Glibc
#endif

#if os(Linux)
    /// The verb `serve`: a fork server that runs each step of the agent's requests in a child process.
    ///
    /// A forked child needs no exec, no loading and no type lookups, and a crash ends only the child (``StepServer`` says
    /// what it saves). Only a process with one thread can be forked safely, so nothing here may start a thread, which
    /// includes tasks.
    enum ServeProgram<Root: Flow> {
        static var isOffered: Bool { true }

        /// Serves requests from standard input, a socket, one at a time, and answers on it. Never returns.
        static func run() -> Never {
            var lines = LineBuffer()
            do {
                ServeProcess.prepare()
                self.warmUp()
                guard ServeProcess.hasOneThread else {
                    try self.answer(.refused(reason: "the program has started threads before its first step"))
                    exit(0)
                }
                try self.answer(.loaded)
                while let bytes = ServeProcess.read() {
                    for line in try lines.append(bytes) {
                        try self.answer(self.serve(try LineCoding.decode(ServeRequest.self, from: line)))
                    }
                }
                exit(0)
            } catch {
                StepExit.now("the program cannot go on serving: \(error)")
            }
        }

        private static func serve(_ request: ServeRequest) -> ServeAnswer {
            // Read before the fork: this process has the pages and types of the decoder in memory, each child would
            // fault and look them up anew (saves 5 ms of 181, Benchmarks: foreach).
            let folder = TaskFolder(path: request.folder)
            let task = Result { try folder.readTask() }
            let child = fork()
            if child < 0 { return .refused(reason: "fork: \(SystemError.lastText)") }
            guard child == 0 else { return ServeProcess.wait(for: child) }
            ServeProcess.becomeStep(request)
            FlowProgram<Root>.step(request.step, in: folder, task)
        }

        private static func answer(_ answer: ServeAnswer) throws {
            try LineCoding.encode(answer).withUnsafeBytes {
                try OpenFile.write($0, to: STDIN_FILENO, called: "the agent's socket")
            }
        }

        /// Fills the runtime's type caches, which children inherit (saves 22 ms of 168, Benchmarks: foreach).
        private static func warmUp() {
            let executor = MainThreadFirst()
            Task(executorPreference: executor) { await StepProgram<Root>(folder: TaskFolder(path: "")).warmUpTypes() }
            executor.runWhatHasCome()
        }
    }

    /// The system calls of the fork server.
    private enum ServeProcess {
        nonisolated(unsafe) private static var parent: pid_t = 0
        /// Set by SIGTERM: the server ends after the current step.
        nonisolated(unsafe) private static var isEnding = false

        static var hasOneThread: Bool {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) == 1
        }

        /// SIGTERM only sets a flag: the server outlives the current step, which has a grace period of its own.
        static func prepare() {
            self.parent = getpid()
            muster_become_subreaper()
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in ServeProcess.isEnding = true }
            sigaction(SIGTERM, &action, nil)
        }

        /// The bytes of the next read; nil at the end of input.
        static func read() -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: 65536)
            while !self.isEnding {
                let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
                if count > 0 { return Array(buffer[..<count]) }
                if count == 0 || errno != EINTR { return nil }
            }
            return nil
        }

        static func wait(for child: pid_t) -> ServeAnswer {
            var status: CInt = 0
            while waitpid(child, &status, 0) < 0 && errno == EINTR {}
            // Orphans of the step are now children of this subreaper; zombies among them are reaped.
            var orphan: pid_t
            repeat { orphan = waitpid(-1, nil, WNOHANG) } while orphan > 0
            let isLast = orphan < 0
            let signal = status & 0x7f
            return signal == 0
                ? .exited(code: status >> 8 & 0xff, isLast: isLast) : .signaled(signal: signal, isLast: isLast)
        }

        /// Gives the child the session, signals, input, folder and environment of a step that the agent starts itself.
        static func becomeStep(_ request: ServeRequest) {
            // A SIGTERM that was ignored at start stays ignored, as after exec.
            signal(SIGTERM, muster_was_ignored(SIGTERM) != 0 ? SIG_IGN : SIG_DFL)
            setsid()
            guard muster_die_with_parent(SIGKILL, self.parent) == 0 else { _exit(1) }
            let null = open("/dev/null", O_RDWR)
            // In a container without /dev/null standard input is closed instead.
            if null >= 0 { dup2(null, STDIN_FILENO) } else { close(STDIN_FILENO) }
            if null > STDERR_FILENO { close(null) }
            guard chdir(request.workFolder) == 0 else {
                StepExit.now("the folder \(request.workFolder) cannot be entered: \(SystemError.lastText)")
            }
            for (name, value) in request.environment { setenv(name, value, 1) }
        }

    }
#else
    /// The fork server needs Linux.
    enum ServeProgram<Root: Flow> {
        static var isOffered: Bool { false }
        static func run() -> Never { StepExit.now("this system cannot serve steps") }
    }
#endif
