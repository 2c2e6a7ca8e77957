package import MusterBackends
package import MusterModel

/// The parts of AWS Batch that a job needs, as far as they can be looked at from here.
package struct BatchCheck: Sendable {
    private let client: BatchClient
    private let options: [String: JSONValue]

    /// - Parameter options: The settings' and the decorator's.
    package init(_ client: BatchClient, options: [String: JSONValue]) {
        self.client = client
        self.options = options
    }

    package func facts() async -> [PlaceFact] {
        let options: BatchOptions
        let hasImage = self.options["image"] != nil
        do throws(BackendError) {
            options = try BatchOptions(self.options.merging(["image": .string("python")]) { own, _ in own }, memory: 0)
        } catch {
            return [PlaceFact(subject: "batch", isWrong: true, text: error.message)]
        }
        let role =
            options.jobRole.map { PlaceFact(subject: "job role", isWrong: false, text: $0) }
            ?? PlaceFact(
                subject: "job role", isWrong: true,
                text: "the containers have no role to reach the store's bucket with",
                remedy:
                    "set batch.job-role or METAFLOW_ECS_S3_ACCESS_IAM_ROLE to the ARN of one; Documentation/Batch.md has its policy"
            )
        let image =
            hasImage
            ? options.image : "none is set: flows in Python run in \(options.image):VERSION, others have to name one"
        return [PlaceFact(subject: "image", isWrong: false, text: image), role] + (await self.queue(options.queue))
    }

    private func queue(_ name: String) async -> [PlaceFact] {
        do throws(BackendError) {
            guard let queue = try await self.client.queue(name) else {
                return [
                    PlaceFact(
                        subject: "job queue", isWrong: true, text: "there is no job queue \(name) in this region",
                        remedy: "name one with queue=…, or set AWS_REGION to its region")
                ]
            }
            let isReady = queue.state != "DISABLED" && queue.status != "INVALID"
            let fact = PlaceFact(
                subject: "job queue", isWrong: !isReady,
                text: "\(name) is \(queue.state ?? "?"), \(queue.status ?? "?")",
                remedy: isReady ? nil : queue.statusReason ?? "enable it")
            let names = (queue.computeEnvironmentOrder ?? []).map(\.computeEnvironment)
            return [fact] + (try await self.client.environments(names).map(Self.fact))
        } catch {
            return [
                PlaceFact(
                    subject: "job queue", isWrong: true, text: error.message,
                    remedy: "Documentation/Batch.md has the rights that this machine needs")
            ]
        }
    }

    private static func fact(_ environment: BatchClient.Environment) -> PlaceFact {
        let kind = environment.computeResources?.type ?? environment.type ?? "?"
        let isReady = environment.state != "DISABLED" && environment.status != "INVALID"
        let most = environment.computeResources?.maxvCpus.map { ", at most \($0) vCPUs" } ?? ""
        let lone = ["SPOT", "FARGATE", "FARGATE_SPOT"].contains(kind)
        return PlaceFact(
            subject: "compute", isWrong: !isReady,
            text:
                "\(environment.computeEnvironmentName) is \(environment.state ?? "?"), \(kind)\(most)\(lone ? "; gangs of two or more do not run there" : "")",
            remedy: isReady ? nil : environment.statusReason ?? "enable it")
    }
}
