import CMusterPlatform
import Dispatch
import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The processes that move objects for this one: `muster-agent s3`, one request at a time each. They end with this one.
enum S3Helpers {
    private static let idle = Mutex<[S3Helper]>([])

    /// Carries out a request. Cancellation of the task ends its process, which gives up what it does.
    /// - Returns: An answer for each item, in their order; of a listing, with all its pages.
    /// - Throws: ``S3Error``: the first failure. A missing object is none unless the request needs all.
    static func perform(_ request: TransferRequest) async throws -> [TransferAnswer] {
        guard !request.items.isEmpty else { return [] }
        try Task.checkCancellation()
        let helper = try self.take() ?? S3Helper()
        let lines = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                DispatchQueue(label: "muster.s3").async {
                    continuation.resume(with: Result { try helper.ask(request) })
                }
            }
        } onCancel: {
            helper.shutDown()
        }
        try Task.checkCancellation()
        self.idle.withLock { $0.append(helper) }
        return try self.gather(lines, request)
    }

    /// An idle process; one that somebody has ended is not used again.
    private static func take() -> S3Helper? {
        self.idle.withLock { idle in
            while let helper = idle.popLast() {
                if helper.isRunning { return helper }
            }
            return nil
        }
    }

    private static func gather(_ lines: [TransferAnswer], _ request: TransferRequest) throws -> [TransferAnswer] {
        var answers = request.items.indices.map { TransferAnswer(index: $0) }
        for line in lines {
            if let code = line.code.map(S3Error.Code.init), code != .missing || request.needsAll != false {
                throw S3Error(code, line.error ?? code.rawValue)
            }
            guard let index = line.index, answers.indices.contains(index) else { continue }
            let before = answers[index]
            answers[index] = line
            guard request.verb == .list else { continue }
            answers[index].objects = (before.objects ?? []) + (line.objects ?? [])
            answers[index].folders = (before.folders ?? []) + (line.folders ?? [])
        }
        return answers
    }
}

/// One process, and the socket that is its standard input and output.
final class S3Helper: Sendable {
    private let process: pid_t
    private let socket: CInt

    /// - Throws: ``S3Error`` where the agent's program is not known or cannot be started.
    init() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let program = environment[NodeEnvironment.agent], !program.isEmpty else {
            throw S3Error(
                .helper,
                "no program is known that moves objects of S3: run the flow with muster, or name muster-agent in \(NodeEnvironment.agent)"
            )
        }
        var ends: [CInt] = [0, 0]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw S3Error(.helper, "no socket can be made for \(program): \(SystemError.lastText)")
        }
        defer { close(ends[1]) }
        let result = Self.spawn(program, environment, ends[1])
        guard result > 0 else {
            close(ends[0])
            throw S3Error(
                .helper, "\(program), which moves objects of S3, cannot be started: \(SystemError.text(-result))")
        }
        self.process = result
        self.socket = ends[0]
    }

    deinit {
        close(self.socket)
        waitpid(self.process, nil, 0)
    }

    private static func spawn(_ program: String, _ environment: [String: String], _ end: CInt) -> pid_t {
        let arguments: [UnsafeMutablePointer<CChar>?] = [strdup(program), strdup("s3"), nil]
        let variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var stage = MUSTER_STAGE_FORK
        return program.withCString { path in
            arguments.withUnsafeBufferPointer { arguments in
                variables.withUnsafeBufferPointer { variables in
                    var request = muster_spawn_request(
                        path: path, arguments: arguments.baseAddress, environment: variables.baseAddress, folder: nil,
                        descriptors: (end, end, STDERR_FILENO), closes_others: 1, new_session: 1, death_signal: 0)
                    return muster_spawn(&request, &stage)
                }
            }
        }
    }

    /// False when the process has closed its end of the socket.
    var isRunning: Bool {
        var polled = pollfd(fd: self.socket, events: 0, revents: 0)
        return poll(&polled, 1, 0) == 0
    }

    /// The process sees its input end, and nobody read its answers.
    func shutDown() { shutdown(self.socket, CInt(SHUT_RDWR)) }

    /// Blocks the thread until all answers are there.
    func ask(_ request: TransferRequest) throws -> [TransferAnswer] {
        try self.send(LineCoding.encode(request))
        var lines = LineBuffer()
        var answers: [TransferAnswer] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(self.socket, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.lost }
            for line in try lines.append(chunk[..<count]) {
                let answer = try LineCoding.decode(TransferAnswer.self, from: line)
                if answer.index != nil || answer.code != nil { answers.append(answer) }
                if answer.isDone == true { return answers }
            }
        }
    }

    private func send(_ line: Data) throws {
        try line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                // MSG_NOSIGNAL: a process that is gone is an error to report, not a signal that ends the step.
                let count = Glibc.send(self.socket, slice.baseAddress, slice.count, CInt(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Self.lost }
                rest = rest.dropFirst(count)
            }
        }
    }

    private static var lost: S3Error {
        S3Error(.helper, "the program that moves objects of S3 has ended; its last words stand in the step's log")
    }
}
