import MusterAWS
import MusterBackends
import MusterBatch
import MusterKubernetes
import MusterModel
import MusterProcess

/// What is found out about a place whose nodes see nothing but the bucket that the store is in.
struct PlaceFindings {
    private let settings: Settings
    private let place: PlaceSettings

    init(_ settings: Settings, _ place: PlaceSettings) {
        self.settings = settings
        self.place = place
    }

    /// - Returns: nil for another place.
    func findings() async -> [Finding]? {
        do throws(BackendError) {
            guard let facts = try await self.facts() else { return nil }
            return [self.store]
                + facts.map { $0.isWrong ? .missing($0.subject, $0.text, $0.remedy) : .ok($0.subject, $0.text) }
        } catch {
            return [.missing(self.place.name, error.message)]
        }
    }

    private func facts() async throws(BackendError) -> [PlaceFact]? {
        let environment = ProcessEnvironment.texts
        switch self.place.name {
        case BatchBackend.name:
            let options = self.settings.batch.options.merging(self.place.options) { $1 }
            return await BatchCheck(try BatchClient(AWSProfiles(environment: environment)), options: options).facts()
        case KubernetesBackend.name:
            let options = try self.settings.kubernetes.optionsWithTemplate().merging(self.place.options) { $1 }
            let access = try KubernetesAccess(environment, context: self.settings.kubernetes.context)
            return await KubernetesCheck(KubernetesClient(access), options: options).facts()
        default: return nil
        }
    }

    /// The check of the machine has looked into the bucket already.
    private var store: Finding {
        BucketAddress(self.settings) == nil
            ? .missing(
                "store there", "the store is a folder of this machine, which nodes at \(self.place.name) do not see",
                "use a store in a bucket: --store s3://bucket/prefix")
            : .ok("store there", "the nodes reach the bucket that the store is in")
    }
}
