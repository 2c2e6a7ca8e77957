import MusterAWS
import MusterHTTP
import MusterObjects

/// The thing that a request was about, for sentences about its failure.
struct Subject: Sendable {
    private let name: String
    private let bucket: String
    private let place: String
    private let keys: String

    init(_ settings: S3Settings, key: String?, region: String, credentials: Credentials) {
        self.bucket = settings.bucket
        self.name = "s3://\(settings.bucket)\(key.map { "/\(settings.prefix)\($0)" } ?? "")"
        let server = settings.origin(region: region)
        self.place = "\(server), region \(region)"
        self.keys = "\(credentials)"
    }

    /// - Parameter fault: The server's own words.
    func failure(_ code: ObjectStoreError.Code, _ head: HTTPHead, _ fault: XMLFault?) -> ObjectStoreError {
        let words = fault.map { $0.message.isEmpty ? $0.code : "\($0.code): \($0.message)" }
        return self.failure(code, words ?? "the answer was \(head.status)")
    }

    func failure(_ code: ObjectStoreError.Code, _ reason: String) -> ObjectStoreError {
        ObjectStoreError(
            code, "\(self.sentence(code)) (\(self.place), keys \(self.keys)): \(reason)\(self.remedy(code))")
    }

    private func sentence(_ code: ObjectStoreError.Code) -> String {
        switch code {
        case .missing: "there is no object \(self.name)"
        case .noStore: "there is no bucket \(self.bucket)"
        case .denied: "access to \(self.name) is denied"
        case .credentials: "the server does not take the keys for \(self.name)"
        case .region: "the bucket \(self.bucket) is in another region"
        case .clock: "the clock of this machine is too far from the server's of \(self.name)"
        case .unreachable: "the server of \(self.name) cannot be reached"
        case .tls: "the server of \(self.name) is not trusted"
        case .busy: "the server of \(self.name) fails"
        case .answer: "the server of \(self.name) gave an answer that is not S3's"
        case .invalid, .refused, .range, .file, .full, .cancelled: "the server refuses \(self.name)"
        }
    }

    private func remedy(_ code: ObjectStoreError.Code) -> String {
        switch code {
        case .noStore: "; make the bucket, or check its name and AWS_ENDPOINT_URL_S3"
        case .credentials: "; check the keys, or renew them"
        case .region: "; set AWS_REGION to the bucket's region"
        case .clock: "; set the clock"
        case .unreachable: "; check the network, AWS_ENDPOINT_URL_S3 and AWS_REGION"
        case .tls: "; name a file with the certificate's authority in AWS_CA_BUNDLE"
        default: ""
        }
    }
}
