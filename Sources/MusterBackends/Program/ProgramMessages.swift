import MusterModel

/// A question to a backend program. On the wire `ask` names it and its fields stand beside that.
enum ProgramQuestion: Sendable, Equatable {
    case hello(version: Int)
    case request(GangLaunch)
    case submit(BackendRequest)
    case look([BackendJob])
    case cancel(BackendJob)
    case find(flow: String, run: String)
}

/// A question with the number that its answer carries.
struct NumberedQuestion: Encodable, Sendable, Equatable {
    let id: Int
    let question: ProgramQuestion

    private enum Key: String, CodingKey { case id, ask, version, launch, request, jobs, job, flow, run }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(self.id, forKey: .id)
        switch self.question {
        case .hello(let version):
            try fields.encode("hello", forKey: .ask)
            try fields.encode(version, forKey: .version)
        case .request(let launch):
            try fields.encode("request", forKey: .ask)
            try fields.encode(launch, forKey: .launch)
        case .submit(let request):
            try fields.encode("submit", forKey: .ask)
            try fields.encode(request, forKey: .request)
        case .look(let jobs):
            try fields.encode("look", forKey: .ask)
            try fields.encode(jobs, forKey: .jobs)
        case .cancel(let job):
            try fields.encode("cancel", forKey: .ask)
            try fields.encode(job, forKey: .job)
        case .find(let flow, let run):
            try fields.encode("find", forKey: .ask)
            try fields.encode(flow, forKey: .flow)
            try fields.encode(run, forKey: .run)
        }
    }
}

/// An answer of a backend program: the fields of the question that it answers, or an error.
struct ProgramAnswer: Decodable, Sendable, Equatable {
    /// nil when the program could not read the question.
    var id: Int?
    var error: Refusal?
    var version: Int?
    var name: String?
    var capabilities: BackendCapabilities?
    var request: BackendRequest?
    var job: BackendJob?
    var jobs: [BackendJob]?
    var states: [JobWithState]?

    struct JobWithState: Decodable, Sendable, Equatable {
        var job: BackendJob
        var state: JobState
    }

    struct Refusal: Decodable, Sendable, Equatable {
        /// A code of ``BackendError/Code``; one of a later version counts as an answer that does not fit.
        var code: String
        var message: String
        var isTransient: Bool?

        var error: BackendError {
            BackendError(
                code: BackendError.Code(rawValue: self.code) ?? .answer, message: self.message,
                isTransient: self.isTransient ?? false)
        }
    }
}
