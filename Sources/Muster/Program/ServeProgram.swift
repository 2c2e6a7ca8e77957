import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import CMusterPlatform
    import Glibc
#endif

#if os(Linux)
    /// The verb `serve`: stays alive and runs each step that the agent asks for in a child made by `fork`.
    ///
    /// A child starts with everything that a program has to load, relocate and look up, and dies alone. Only a process
    /// with one thread can be divided like this: nothing here may start another one, tasks included.
    enum ServeProgram<Root: Flow> {
        static var isOffered: Bool { true }

        /// Answers requests from standard input on the same socket, one at a time, until its end. Never returns.
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
            // Read before the fork: what reading needs is at hand in this process, and would be fetched anew in each child.
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

        /// Does once what every step would do first.
        private static func warmUp() {
            let executor = MainThreadFirst()
            Task(executorPreference: executor) { await StepProgram<Root>(folder: TaskFolder(path: "")).rehearse() }
            executor.runWhatHasCome()
        }
    }

    /// The system's side of serving.
    private enum ServeProcess {
        nonisolated(unsafe) private static var parent: pid_t = 0
        /// Set by SIGTERM: the step that runs now is the last one.
        nonisolated(unsafe) private static var isEnding = false

        static var hasOneThread: Bool {
            (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count) == 1
        }

        /// SIGTERM must not take the running step's parent away before the step has had its grace.
        static func prepare() {
            self.parent = getpid()
            muster_become_subreaper()
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in ServeProcess.isEnding = true }
            sigaction(SIGTERM, &action, nil)
        }

        /// What has come; nil at the end.
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
            // Whoever the step left behind has come to this process: the dead are of no interest.
            var orphan: pid_t
            repeat { orphan = waitpid(-1, nil, WNOHANG) } while orphan > 0
            let isLast = orphan < 0
            let signal = status & 0x7f
            return signal == 0
                ? .exited(code: status >> 8 & 0xff, isLast: isLast) : .signaled(signal: signal, isLast: isLast)
        }

        /// Makes the child what the agent makes of a step's process that it starts itself.
        static func becomeStep(_ request: ServeRequest) {
            // A program that was started with it ignored hands that on.
            signal(SIGTERM, muster_was_ignored(SIGTERM) != 0 ? SIG_IGN : SIG_DFL)
            setsid()
            guard muster_die_with_parent(SIGKILL, self.parent) == 0 else { _exit(1) }
            let null = open("/dev/null", O_RDWR)
            // Without a null device the input is closed, which reads as its end too.
            if null >= 0 { dup2(null, STDIN_FILENO) } else { close(STDIN_FILENO) }
            if null > STDERR_FILENO { close(null) }
            guard chdir(request.workFolder) == 0 else {
                StepExit.now("the folder \(request.workFolder) cannot be entered: \(SystemError.lastText)")
            }
            for (name, value) in request.environment { setenv(name, value, 1) }
        }

    }
#else
    /// Only Linux can have its steps served.
    enum ServeProgram<Root: Flow> {
        static var isOffered: Bool { false }
        static func run() -> Never { StepExit.now("this system cannot serve steps") }
    }
#endif
