import Glibc
import MusterModel
import MusterProcess
import Synchronization
import Testing

@Suite struct SpawnTests {
    let reactor: ProcessReactor

    init() throws { self.reactor = try ProcessReactor() }

    @Test("A program that ends at once loses none of its output, its partial last line included")
    func outputBeforeExit() async throws {
        for _ in 0..<50 {
            let launch = try Launch(self.reactor, shell: "printf 'one\\ntwo'; printf three >&2; exit 3")
            #expect(await launch.exit() == .exited(3))
            #expect(launch.text() == "one\ntwo")
            #expect(launch.text(.standardError) == "three")
        }
    }

    @Test("Floods on both streams arrive whole, and all of it before the exit")
    func floods() async throws {
        let launch = try Launch(
            self.reactor,
            shell: "(head -c 50000000 /dev/zero | tr '\\0' a) & (head -c 50000000 /dev/zero | tr '\\0' b >&2) & wait")
        #expect(await launch.exit() == .exited(0))
        launch.state.withLock { state in
            #expect(state.output[.standardOutput]?.count == 50_000_000)
            #expect(state.output[.standardError]?.count == 50_000_000)
            #expect(state.output[.standardError]?.allSatisfy { $0 == UInt8(ascii: "b") } == true)
            #expect(state.outputAtExit == state.output)
        }
    }

    @Test("A grandchild that holds the output delays the exit of nobody, and its later output still comes")
    func grandchildHoldsOutput() async throws {
        let launch = try Launch(self.reactor, shell: "(sleep 0.5; echo late) & echo early")
        #expect(await launch.exit() == .exited(0))
        #expect(launch.state.withLock { $0.outputAtExit[.standardOutput] } == Array("early\n".utf8))
        await launch.outputEnd()
        #expect(launch.text() == "early\nlate\n")
    }

    @Test("A grandchild that writes for ever does not delay the exit either")
    func grandchildFloods() async throws {
        let launch = try Launch(self.reactor, shell: "yes & echo $!", newSession: true)
        #expect(await launch.exit() == .exited(0))
        launch.process?.closeOutput()
        await launch.outputEnd()
    }

    @Test("A program may close its output long before it ends")
    func closesOutputEarly() async throws {
        let launch = try Launch(self.reactor, shell: "echo done; exec >&- 2>&-; sleep 0.3; exit 4")
        await launch.outputEnd()
        #expect(await launch.exit() == .exited(4))
        #expect(launch.state.withLock { $0.endedBeforeExit })
        #expect(launch.text() == "done\n")
    }

    @Test("A program ended by a signal says which", arguments: [SIGKILL, SIGTERM, SIGSEGV])
    func signals(signal: CInt) async throws {
        let launch = try Launch(self.reactor, shell: "ulimit -c 0; echo up; exec sleep 60")
        await launch.writes("up")
        launch.process?.signal(signal)
        #expect(await launch.exit() == .signaled(signal))
    }

    @Test("A signal to a process that has been reaped goes nowhere")
    func signalAfterExit() async throws {
        let launch = try Launch(self.reactor, shell: "exit 0")
        #expect(await launch.exit() == .exited(0))
        launch.process?.signal(SIGKILL)
        launch.process?.signalGroup(SIGKILL)
        let next = try Launch(self.reactor, shell: "exit 5")
        #expect(await next.exit() == .exited(5))
    }

    @Test("What is written reaches the program in order, and its input ends when it is closed")
    func input() async throws {
        let launch = try Launch(self.reactor, shell: "wc -c; echo end", input: .pipe)
        for _ in 0..<50 { launch.process?.write(repeatElement(UInt8(ascii: "x"), count: 100_000)) }
        launch.process?.closeInput()
        #expect(await launch.exit() == .exited(0))
        #expect(launch.text() == "5000000\nend\n")
    }

    @Test("Writing to a program that has closed its input is reported, not fatal")
    func closedInput() async throws {
        let launch = try Launch(self.reactor, shell: "exec <&-; echo closed; sleep 60", input: .pipe)
        await launch.writes("closed")
        let wasWritten = await withCheckedContinuation { continuation in
            launch.process?.write(Array("lost".utf8)) { continuation.resume(returning: $0) }
        }
        #expect(!wasWritten)
        launch.process?.signal(SIGKILL)
        #expect(await launch.exit() == .signaled(SIGKILL))
    }

    @Test("Environment, arguments, folder and session are exactly the spec's")
    func exactness() async throws {
        let spec = ProcessSpec(
            executable: "/bin/sh",
            arguments: ["-c", "pwd; echo \"$1\"; ps -o sid= -p $$ | tr -d ' '; echo $$; env", "sh", "a b\n'c'"],
            environment: ["PATH": "/usr/bin:/bin", "ONLY": "this"], workingDirectory: "/usr/lib", newSession: true)
        let launch = try Launch(self.reactor, spec)
        #expect(await launch.exit() == .exited(0))
        let lines = launch.text().split(separator: "\n").map(String.init)
        #expect(Array(lines[0...2]) == ["/usr/lib", "a b", "'c'"])
        #expect(lines[3] == lines[4])
        let variables = Set(lines[5...].map { $0.prefix { $0 != "=" } })
        #expect(variables.subtracting(["PWD", "SHLVL", "_", "OLDPWD"]) == ["PATH", "ONLY"])
    }

    @Test("A program starts with default signal handling and with no descriptors but its three")
    func cleanStart() async throws {
        let extra = open("/dev/null", O_RDONLY)
        defer { close(extra) }
        let launch = try Launch(self.reactor, shell: "ls /proc/self/fd; grep -E 'Sig(Ign|Blk)' /proc/self/status")
        #expect(await launch.exit() == .exited(0))
        // 3 is the folder that ls reads.
        #expect(launch.text().hasPrefix("0\n1\n2\n3\nSig"))
        #expect(launch.text().contains("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000"))
    }

    @Test("A program that cannot start is refused with its name and the reason")
    func refusals() throws {
        func refusal(_ executable: String, folder: String? = nil, path: String = "/bin") -> SpawnError? {
            #expect(throws: SpawnError.self) {
                try Launch(
                    self.reactor,
                    ProcessSpec(executable: executable, environment: ["PATH": path], workingDirectory: folder))
            }
        }
        let missing = refusal("no-such-program")
        #expect(missing?.reason == .notFound)
        #expect(missing?.message == "no-such-program cannot be started: it is not on the PATH, which is /bin")
        #expect(refusal("/no/such/program")?.message == "/no/such/program cannot be started: there is no such file")
        #expect(refusal("/etc/passwd")?.reason == .notExecutable)
        #expect(refusal("/etc")?.reason == .notExecutable)
        let folder = refusal("/bin/true", folder: "/no/such/folder")
        #expect(folder?.reason == .folderMissing)
        #expect(folder?.message == "/bin/true cannot be started in /no/such/folder: there is no such folder")
        #expect(refusal("/bin/true\0x")?.reason == .invalid)
        #expect(refusal("")?.reason == .notFound)
    }

    @Test("Two hundred programs run side by side, and leave no descriptor behind")
    func manyAtOnce() async throws {
        let warm = try Launch(self.reactor, shell: "exit 0")
        _ = await warm.exit()
        let before = try descriptors()
        let reactor = self.reactor
        let codes = await withTaskGroup(of: MusterProcess.ExitStatus?.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let launch = try? Launch(reactor, shell: "echo \(number); exit \(number % 100)", input: .pipe)
                    await launch?.outputEnd()
                    let status = await launch?.exit()
                    return launch?.text() == "\(number)\n" ? status : nil
                }
            }
            return await group.reduce(into: [MusterProcess.ExitStatus?]()) { $0.append($1) }
        }
        let numbers = codes.compactMap { status in if case .exited(let code) = status { code } else { nil } }
        #expect(numbers.sorted() == (0..<200).map { Int32($0 % 100) }.sorted())
        // Other tests open some meanwhile; one that each program leaves would be two hundred.
        #expect(try descriptors().count < before.count + 150)
    }

    /// This program's open pipes and files by number and what they are.
    private func descriptors() throws -> Set<String> {
        let folder = try #require(opendir("/proc/self/fd"))
        defer { closedir(folder) }
        var found: Set<String> = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let number = Int32(name), number != dirfd(folder) else { continue }
            found.insert(name)
        }
        return found
    }

    @Test("A process dies with this program's process when its spec says so")
    func deathSignal() async throws {
        let spec = ProcessSpec(
            executable: "/bin/sh", arguments: ["-c", "grep -i pdeath /proc/self/status; sleep 0.1; echo alive"],
            environment: Launch.environment, parentDeathSignal: SIGKILL)
        // The thread that spawned it lives on, so nothing happens to it.
        let launch = try Launch(self.reactor, spec)
        #expect(await launch.exit() == .exited(0))
        #expect(launch.text().hasSuffix("alive\n"))
    }
}
