import Testing

@testable import Muster

@Suite struct S3PlaceTests {
    @Test(
        "The data of a run are below the place that is set for them, or below the store",
        arguments: [
            (["METAFLOW_DATATOOLS_S3ROOT": "s3://a/tools/", "MUSTER_STORE_ADDRESS": "s3://c"], "s3://a/tools/F/7"),
            (["METAFLOW_DATASTORE_SYSROOT_S3": "s3://b/", "MUSTER_STORE_ADDRESS": "s3://c"], "s3://b/data/F/7"),
            (["MUSTER_STORE_ADDRESS": "s3://c/x", "METAFLOW_DATATOOLS_S3ROOT": ""], "s3://c/x/data/F/7"),
            (["MUSTER_STORE_ADDRESS": "s3://c", "METAFLOW_DATATOOLS_SUFFIX": "own"], "s3://c/own/F/7"),
        ])
    func ofRun(environment: [String: String], root: String) throws {
        #expect(try S3Place(flow: "F", run: "7", environment: environment).root == root)
    }

    @Test("Without a place the ways to one are named")
    func none() {
        let error = #expect(throws: S3Error.self) { try S3Place(flow: "F", run: "7", environment: [:]) }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains("METAFLOW_DATATOOLS_S3ROOT") == true)
    }

    @Test("A key is relative to the root as it is, and a whole address where there is no root")
    func addresses() throws {
        let place = try S3Place(root: "s3://b/p/")
        #expect(try place.address("a?b #c").url == "s3://b/p/a?b #c")
        #expect(try place.address("/a").url == "s3://b/p/a")
        #expect(try place.address("").url == "s3://b/p")
        #expect(throws: S3Error.self) { try place.address("s3://b/p/a") }
        let whole = try S3Place(root: nil)
        #expect(try whole.address("s3://b/a").key == "s3://b/a")
        for key in ["a", "", "s3://b"] { #expect(throws: S3Error.self) { try whole.address(key) } }
        for root in ["/tmp", "s3://", "b"] { #expect(throws: S3Error.self) { try S3Place(root: root) } }
    }

    @Test("What a listing finds has a key relative to the prefix")
    func listed() {
        #expect(S3Place.listed("p/a/b", below: "s3://b/p/") == S3Place.Address(url: "s3://b/p/a/b", key: "a/b"))
        #expect(S3Place.listed("p/a/", below: "s3://b/p").key == "a/")
        #expect(S3Place.listed("a", below: "s3://b/").key == "a")
    }
}
