import Crypto
import Foundation
import MusterHTTP
import MusterObjects
import MusterSystem
import Testing

@testable import MusterAWS

/// The examples of AWS's documentation, with its keys and its time
/// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, sigv4-query-string-auth.html).
@Suite struct RequestSignerTests {
    private static let host = "examplebucket.s3.amazonaws.com"
    private static let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    private static let time = AWSTime(1_369_353_600)
    private static let signer = RequestSigner(
        credentials: Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", source: "a page"),
        region: "us-east-1", service: "s3")

    private static func authorization(_ request: UnsignedRequest, payload: String = nothing) -> String {
        self.signer.headers(for: request, host: self.host, payload: payload, at: self.time)
            .first { $0.name == "Authorization" }?.value ?? ""
    }

    @Test("A get with a range is signed as AWS signs it")
    func range() {
        let authorization = Self.authorization(
            UnsignedRequest(method: "GET", path: "/test.txt", headers: [HTTPField("Range", "bytes=0-9")]))
        #expect(
            authorization == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    }

    @Test("A put is signed with its body and the headers that are given")
    func put() {
        let authorization = Self.authorization(
            UnsignedRequest(
                method: "PUT", path: "/" + PercentEncoding.encode("test$file.text", keepsSlashes: true),
                headers: [
                    HTTPField("Date", "Fri, 24 May 2013 00:00:00 GMT"),
                    HTTPField("x-amz-storage-class", "REDUCED_REDUNDANCY"),
                ]),
            payload: Hexadecimal.text(SHA256.hash(data: Data("Welcome to Amazon S3.".utf8))))
        #expect(authorization.hasSuffix("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"))
    }

    @Test("A query is signed sorted, also without values")
    func queries() {
        let lifecycle = Self.authorization(UnsignedRequest(method: "GET", path: "/", query: [QueryItem("lifecycle")]))
        #expect(lifecycle.hasSuffix("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
        let list = Self.authorization(
            UnsignedRequest(method: "GET", path: "/", query: [QueryItem("prefix", "J"), QueryItem("max-keys", "2")]))
        #expect(list.hasSuffix("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
    }

    @Test("An address is presigned as AWS presigns it")
    func presigned() {
        let query = Self.signer.presignedQuery(
            for: UnsignedRequest(method: "GET", path: "/test.txt"), host: Self.host, seconds: 86400, at: Self.time)
        #expect(
            query == "X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
                + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test("A session's token is signed, in headers and in addresses")
    func token() {
        let signer = RequestSigner(
            credentials: Credentials(accessKey: "A", secretKey: "S", sessionToken: "T/T", source: ""), region: "r",
            service: "s3")
        let request = UnsignedRequest(method: "GET", path: "/k")
        let headers = signer.headers(for: request, host: "h", payload: Self.nothing, at: Self.time)
        #expect(headers.contains(HTTPField("x-amz-security-token", "T/T")))
        #expect(headers.contains { $0.value.contains(";x-amz-security-token,") })
        let query = signer.presignedQuery(for: request, host: "h", seconds: 1_000_000, at: Self.time)
        #expect(query.contains("&X-Amz-Security-Token=T%2FT&"))
        #expect(query.contains("X-Amz-Expires=604800&"))
    }

    @Test(
        "Moments are written and read as AWS does",
        arguments: [
            (0.0, "19700101T000000Z"), (951_782_400, "20000229T000000Z"), (1_709_164_799.9, "20240228T235959Z"),
            (1_735_689_600, "20250101T000000Z"), (-1, "19691231T235959Z"),
        ])
    func times(seconds: Double, stamp: String) {
        #expect(AWSTime(seconds).stamp == stamp)
        let iso =
            "\(stamp.prefix(4))-\(stamp.dropFirst(4).prefix(2))-\(stamp.dropFirst(6).prefix(2))T"
            + "\(stamp.dropFirst(9).prefix(2)):\(stamp.dropFirst(11).prefix(2)):\(stamp.dropFirst(13).prefix(2))"
        #expect(AWSTime.seconds(iso: iso + "Z") == seconds.rounded(.down))
        #expect(AWSTime.seconds(iso: iso + ".123+00:00") == seconds.rounded(.down))
        #expect(AWSTime.seconds(iso: iso + "+02:00") == seconds.rounded(.down) - 7200)
    }

    @Test("The date of an answer is read")
    func date() {
        #expect(AWSTime.seconds(http: "Fri, 24 May 2013 00:00:00 GMT") == 1_369_353_600)
        #expect(AWSTime.seconds(http: "yesterday") == nil)
        #expect(AWSTime.seconds(iso: "soon") == nil)
    }
}
