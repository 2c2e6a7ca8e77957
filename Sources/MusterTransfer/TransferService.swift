import CMusterPlatform
import FoundationEssentials
import MusterObjects
import MusterWire

/// The helper that moves objects for a program that started it: `muster-agent s3`.
///
/// Requests come on standard input, one a line, and are carried out one after the other; the items of one at the same
/// time. It ends with its input, or when the program does.
package enum TransferService {
    /// Items at the same time. The gate of each bucket's store bounds the requests.
    private static let width = 64

    /// Serves until there is nobody to serve.
    /// - Parameter environment: AWS's variables are read from it.
    package static func run(environment: [String: String]) async {
        muster_ignore_broken_pipes()
        let output = AnswerOutput()
        let stores = BucketStores(environment: environment)
        let (lines, input) = AsyncStream.makeStream(of: Data.self)
        let work = Task {
            for await line in lines { await self.answer(line, stores, output) }
        }
        ClientWatch.begin(
            onLine: { input.yield($0) }, onEnd: { input.finish() },
            onLoss: {
                input.finish()
                work.cancel()
            })
        await work.value
    }

    private static func answer(_ line: Data, _ stores: BucketStores, _ output: AnswerOutput) async {
        var last = TransferAnswer()
        do {
            let request = try LineCoding.decode(TransferRequest.self, from: line)
            await self.perform(TransferWork(stores: stores, request: request), output)
        } catch {
            last.code = ObjectStoreError.Code.invalid.rawValue
            last.error = "the request cannot be understood: \(error)"
        }
        last.isDone = true
        output.tell(last)
        output.flush()
    }

    /// After the first failure no other item begins, and those under way are cancelled.
    private static func perform(_ work: TransferWork, _ output: AnswerOutput) async {
        await withTaskGroup(of: TransferAnswer.self) { group in
            var next = 0
            var hasFailed = false
            func begin() {
                guard next < work.request.items.count, !hasFailed else { return }
                let index = next
                next += 1
                group.addTask { await work.answer(index) { output.tell($0) } }
            }
            for _ in 0..<self.width { begin() }
            while let answer = await group.next() {
                // The first failure is the reason; those that follow it are cancelled items.
                if !hasFailed || answer.code == nil { output.tell(answer) }
                if self.isFailure(answer, work.request), !hasFailed {
                    hasFailed = true
                    group.cancelAll()
                }
                begin()
            }
        }
    }

    private static func isFailure(_ answer: TransferAnswer, _ request: TransferRequest) -> Bool {
        guard let code = answer.code else { return false }
        return request.needsAll != false || code != ObjectStoreError.Code.missing.rawValue
    }
}
