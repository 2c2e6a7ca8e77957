import MusterAWS
import MusterHTTP
import MusterObjects
import Testing

@testable import MusterS3

@Suite struct SettingsTests {
    private static func settings(
        _ environment: [String: String], config: String = "", bucket: String = "bucket"
    ) throws -> S3Settings {
        try S3Settings(
            bucket: bucket,
            profiles: AWSProfiles(
                environment: environment, config: ProfileFile(config), credentials: ProfileFile()))
    }

    @Test("A bucket of AWS has a host of its own, unless a dot in its name forbids it")
    func hosts() throws {
        let plain = try Self.settings(["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-2"])
        #expect(plain.origin(region: plain.region).description == "https://bucket.s3.eu-west-1.amazonaws.com")
        #expect(plain.path("a b/c+d") == "/a%20b/c%2Bd")
        let dotted = try Self.settings(["AWS_DEFAULT_REGION": "cn-north-1"], bucket: "a.b")
        #expect(dotted.origin(region: dotted.region).description == "https://s3.cn-north-1.amazonaws.com.cn")
        #expect(dotted.path("k") == "/a.b/k")
        #expect(dotted.path(nil) == "/a.b")
    }

    @Test("The endpoint of S3 comes before that of all services, and both before the profile's")
    func endpoints() throws {
        let config = """
            [default]
            endpoint_url = http://profile:1
            services = own
            region = r # of the profile
            s3 =
              addressing_style = virtual
            [services own]
            s3 =
              endpoint_url = http://services:2/
            """
        var environment = ["AWS_ENDPOINT_URL_S3": "https://[::1]:3/", "AWS_ENDPOINT_URL": "http://all"]
        let first = try Self.settings(environment, config: config)
        #expect(first.endpoint == HTTPOrigin(isSecure: true, host: "::1", port: 3))
        #expect(first.region == "r")
        #expect(!first.isPathStyle)
        environment["AWS_ENDPOINT_URL_S3"] = nil
        #expect(try Self.settings(environment, config: config).endpoint == HTTPOrigin("http://all:80"))
        environment = [:]
        #expect(try Self.settings(environment, config: config).endpoint == HTTPOrigin("http://services:2"))
        environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
        #expect(try Self.settings(environment, config: config).endpoint == nil)
        #expect(try Self.settings(["AWS_ENDPOINT_URL": "http://h:9"]).isPathStyle)
    }

    @Test("An endpoint or a bucket that cannot be one is refused with its source")
    func refuses() {
        for text in ["host:9000", "ftp://h", "http://", "http://h:0", "http://u:p@h", "http://h:x"] {
            let error = #expect(throws: ObjectStoreError.self) { try Self.settings(["AWS_ENDPOINT_URL": text]) }
            #expect(error?.message.hasPrefix("\(text) of AWS_ENDPOINT_URL is") == true)
        }
        for name in ["", "ab", "Upper", "under_score", "a/b"] {
            #expect(throws: ObjectStoreError.self) { try Self.settings([:], bucket: name) }
        }
    }

    @Test("A file of certificates is taken from AWS's variable before the system's")
    func certificates() throws {
        #expect(try Self.settings(["AWS_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"]).trust == .file("/a"))
        #expect(try Self.settings(["SSL_CERT_FILE": "/b"]).trust == .file("/b"))
        #expect(try Self.settings([:]).trust == .system)
    }
}
