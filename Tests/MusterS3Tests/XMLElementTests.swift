import Foundation
import MusterObjects
import Testing

@testable import MusterAWS
@testable import MusterS3

@Suite struct XMLElementTests {
    @Test("A listing is read with its keys decoded and without the store's prefix")
    func listing() {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <!-- from a server -->
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a='>'>
              <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
              <NextContinuationToken>a&amp;b&#x2F;&#99;</NextContinuationToken>
              <Contents><Key>p/a%20b+c%2Bd%0A</Key><Size>7</Size><Owner/></Contents>
              <CommonPrefixes><Prefix>p/%C3%BC/</Prefix></CommonPrefixes>
            </ListBucketResult>
            """
        let page = S3Answers.page(Data(text.utf8), removing: "p/")
        #expect(page?.objects == [ObjectInfo(key: "a b c+d\n", size: 7, stamp: "")])
        #expect(page?.folders == ["ü/"])
        #expect(page?.next == PageToken("a&b/c"))
        #expect(S3Answers.page(Data(text.utf8), removing: "q/") == nil)
    }

    @Test("Space and sections within text are kept")
    func text() {
        let element = XMLElement.read(Array("<a> x <![CDATA[<&]]><!-- no --><b></b>&lt;</a>".utf8))
        #expect(element?.text == " x <&<")
        #expect(element?["b"]?.text == "")
    }

    @Test(
        "What is not well formed is refused",
        arguments: [
            "", "text", "<a>", "<a></b>", "<a>&nbsp;</a>", "<a>&amp</a>", "<a/><b/>", "<a", "<a b></a>", "<a b=c></a>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a>&#xD800;</a>", "<a><!-- </a>", "<a>\u{0}</a", "< a/>",
            String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100),
        ])
    func refuses(text: String) { #expect(XMLElement.read(Array(text.utf8)) == nil) }

    @Test("Every beginning of an answer is refused, and none traps")
    func truncated() {
        let text = Array("<?xml version=\"1.0\"?><a b=\"c\"><d>&amp;&#x41;</d><![CDATA[x]]></a>".utf8)
        for length in 0..<text.count { #expect(XMLElement.read(text[..<length]) == nil) }
        #expect(XMLElement.read(text) != nil)
    }

    @Test("Keys of removals are escaped")
    func escapes() throws {
        let body = S3Bodies.delete(["a<b>&\"c'", "ü"])
        let keys = try #require(XMLElement.read(body)).all("Object").compactMap { $0["Key"]?.text }
        #expect(keys == ["a<b>&\"c'", "ü"])
        #expect(!S3Bodies.canHold("a\u{1}"))
    }
}
