import MusterBackends
import MusterModel
import MusterProcess

/// What is found out about a place whose nodes see nothing but the bucket that the store is in.
struct PlaceFindings {
    private let place: PlaceSettings
    private let surroundings: PlaceSurroundings

    init(_ context: CommandContext, _ place: PlaceSettings) {
        let bucket = BucketAddress(context.settings)
        self.place = place
        self.surroundings = PlaceSurroundings(
            reactor: context.reactor, environment: context.environment, settings: context.settings,
            store: bucket?.description ?? "", hasBucket: bucket != nil)
    }

    /// - Returns: nil for another place.
    func findings() async -> [Finding]? {
        guard let known = KnownPlaces.named(self.place.name, self.surroundings) else { return nil }
        do throws(BackendError) {
            guard let facts = try await known.facts(self.place.options) else { return nil }
            return [self.store]
                + facts.map { $0.isWrong ? .missing($0.subject, $0.text, $0.remedy) : .ok($0.subject, $0.text) }
        } catch {
            return [.missing(self.place.name, error.message)]
        }
    }

    /// The check of the machine has looked into the bucket already.
    private var store: Finding {
        self.surroundings.hasBucket
            ? .ok("store there", "the nodes reach the bucket that the store is in")
            : .missing(
                "store there", "the store is a folder of this machine, which nodes at \(self.place.name) do not see",
                "use a store in a bucket: --store s3://bucket/prefix")
    }
}
