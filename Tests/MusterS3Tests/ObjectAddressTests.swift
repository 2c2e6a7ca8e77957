import MusterAWS
import MusterHTTP
import MusterObjects
import Testing

@testable import MusterS3

@Suite struct ObjectAddressTests {
    @Test(
        "An address tells the object and its server, whatever is in them",
        arguments: [
            S3Settings(bucket: "team", prefix: "a/b", region: "eu-west-1"),
            S3Settings(
                bucket: "team.x", endpoint: HTTPOrigin("https://[::1]:9000"), region: "r", isPathStyle: false),
            S3Settings(bucket: "team", prefix: "ä b+c?d#e%20", endpoint: HTTPOrigin("http://127.0.0.1:1")),
        ])
    func roundTrip(settings: S3Settings) throws {
        let address = ObjectAddress("runs/F/1/attempts/ü s/1.0.order", of: settings)
        let read = try ObjectAddress("\(address)")
        #expect(read == address)
        #expect(read.key == settings.prefix + "runs/F/1/attempts/ü s/1.0.order")
        #expect(!"\(address)".contains(" "))
        let none = AWSProfiles(environment: [:], config: ProfileFile(""), credentials: ProfileFile(""))
        let prefix = String(settings.prefix.dropLast())
        #expect(try read.settings(prefix: prefix, none) == settings)
    }

    @Test("What an address leaves out is what the machine says, and an address goes before it")
    func precedence() throws {
        let machine = AWSProfiles(
            environment: ["AWS_REGION": "here", "AWS_ENDPOINT_URL_S3": "http://here:1"], config: ProfileFile(""),
            credentials: ProfileFile(""))
        let plain = try ObjectAddress("s3://team/some/key").settings(prefix: "", machine)
        #expect(plain.region == "here" && plain.endpoint == HTTPOrigin("http://here:1"))
        let told = try ObjectAddress("s3://team/some/key?region=there&endpoint=http%3A%2F%2Fthere%3A2")
            .settings(prefix: "", machine)
        #expect(told.region == "there" && told.endpoint == HTTPOrigin("http://there:2"))
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", "s3://", "s3://bucket", "s3://bucket/", "s3:///key", "/a/path", "s3://b/k?endpoint=nonsense",
            "s3://b/%GG",
        ])
    func refused(text: String) {
        #expect(throws: ObjectStoreError.self) { try ObjectAddress(text) }
    }
}
