package import MusterAWS
package import MusterHTTP
package import MusterObjects

/// The bucket, and the server and region that it is in.
package struct S3Settings: Sendable, Hashable {
    package var bucket: String
    /// Stands before every key: empty, or a path with a slash at its end.
    package var prefix: String
    /// Nil for AWS's own server of the region.
    package var endpoint: HTTPOrigin?
    package var region: String
    /// True for `https://SERVER/BUCKET/KEY`, false for `https://BUCKET.SERVER/KEY`.
    package var isPathStyle: Bool
    package var trust: HTTPTrust
    package var proxies = HTTPProxies.none

    package init(
        bucket: String, prefix: String = "", endpoint: HTTPOrigin? = nil, region: String = "us-east-1",
        isPathStyle: Bool? = nil, trust: HTTPTrust = .system
    ) {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/"
        self.endpoint = endpoint
        self.region = region
        // A certificate of *.SERVER fits no name with another dot, and servers of one's own seldom have names for buckets.
        self.isPathStyle = isPathStyle ?? (endpoint != nil || bucket.contains("."))
        self.trust = trust
    }

    /// The settings of a bucket by AWS's variables and files.
    ///
    /// | | first of |
    /// |---|---|
    /// | endpoint | `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile's `services` section, its `endpoint_url` |
    /// | region | `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile's `region`, `us-east-1` |
    /// | address | the profile's `s3.addressing_style`; path style with an endpoint or a dot in the bucket's name |
    /// | proxies | `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`, in lower case first |
    /// | certificates | `AWS_CA_BUNDLE`, the profile's `ca_bundle`, `SSL_CERT_FILE`, the system's |
    package init(bucket: String, prefix: String = "", profiles: AWSProfiles) throws(ObjectStoreError) {
        guard Self.isBucket(bucket) else {
            throw ObjectStoreError(
                .invalid, "\(bucket) cannot be the name of a bucket: 3 to 63 of a-z, 0-9, . and - can")
        }
        let style = profiles.value("s3.addressing_style")
        self.init(
            bucket: bucket, prefix: prefix, endpoint: try profiles.endpoint(of: "s3"),
            region: profiles.region ?? "us-east-1",
            isPathStyle: style == "path" ? true : style == "virtual" ? false : nil,
            trust: profiles.trust)
        self.proxies = try profiles.proxies()
    }

    private static func isBucket(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E
            }
    }
}

extension S3Settings {
    /// The server that has the bucket in `region`.
    func origin(region: String) -> HTTPOrigin {
        var origin =
            self.endpoint ?? HTTPOrigin(isSecure: true, host: "s3.\(region).\(AWSProfiles.domain(region))", port: 443)
        if !self.isPathStyle { origin.host = "\(self.bucket).\(origin.host)" }
        return origin
    }

    /// The path of `key`, or of the bucket, encoded as it is sent.
    func path(_ key: String?) -> String {
        let key = key.map { PercentEncoding.encode(self.prefix + $0, keepsSlashes: true) } ?? ""
        return self.isPathStyle ? "/\(self.bucket)\(key.isEmpty ? "" : "/")\(key)" : "/\(key)"
    }
}
