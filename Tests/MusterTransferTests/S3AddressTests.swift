import MusterObjects
import Testing

@testable import MusterTransfer

@Suite struct S3AddressTests {
    @Test(
        "A key is all that stands behind the bucket's slash, as it stands there",
        arguments: [
            ("s3://b/k", "b", "k"), ("s3://b", "b", ""), ("s3://b/", "b", ""), ("s3://b//k/", "b", "/k/"),
            ("s3://b/a?b#c;d%20e", "b", "a?b#c;d%20e"), ("s3://b/u\u{308}", "b", "u\u{308}"),
            ("s3://b/../c", "b", "../c"),
        ])
    func reads(text: String, bucket: String, key: String) throws {
        let address = try S3Address(text)
        #expect(address.bucket == bucket)
        #expect(Array(address.key.utf8) == Array(key.utf8))
    }

    @Test("Any other text is refused", arguments: ["", "b/k", "S3://b/k", "https://b/k", "/s3://b/k"])
    func refuses(text: String) {
        let error = #expect(throws: ObjectStoreError.self) { try S3Address(text) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(text) == true)
    }
}
