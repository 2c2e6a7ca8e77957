import MusterAWS
import MusterBackends
import MusterBatch
import MusterModel
import MusterProcess

/// The job queue, compute environments, image and role of AWS Batch.
struct BatchFindings {
    private let settings: Settings
    private let place: PlaceSettings

    init(_ settings: Settings, _ place: PlaceSettings) {
        self.settings = settings
        self.place = place
    }

    func findings() async -> [Finding] {
        do throws(BackendError) {
            let client = try BatchClient(AWSProfiles(environment: ProcessEnvironment.texts))
            let options = self.settings.batch.options.merging(self.place.options) { $1 }
            let facts = await BatchCheck(client, options: options).facts()
            return [self.store]
                + facts.map { $0.isWrong ? .missing($0.subject, $0.text, $0.remedy) : .ok($0.subject, $0.text) }
        } catch {
            return [.missing("batch", error.message)]
        }
    }

    /// The check of the machine has looked into the bucket already.
    private var store: Finding {
        BucketAddress(self.settings) == nil
            ? .missing(
                "store there", "the store is a folder of this machine, which containers of AWS Batch do not see",
                "use a store in a bucket: --store s3://bucket/prefix")
            : .ok("store there", "the containers reach the bucket that the store is in")
    }
}
