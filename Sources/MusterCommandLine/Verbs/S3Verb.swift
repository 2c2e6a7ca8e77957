import ArgumentParser
import MusterProcess
import MusterTransfer

/// `muster s3`: moves objects for a program that has no agent beside it, such as a notebook. `muster-agent s3` is the same.
struct S3Verb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "s3", abstract: "Move objects of S3 for a program.", shouldDisplay: false)

    func run() async { await TransferService.run(environment: ProcessEnvironment.texts) }
}
