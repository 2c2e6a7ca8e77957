import MusterWire
import Testing

@testable import MusterTransfer

/// Requests that come to no server. `S3FlowTests` has the others.
@Suite struct TransferWorkTests {
    @Test(
        "An item that cannot be carried out has an error with its address, and stops no program",
        arguments: [
            (TransferRequest(.get, [TransferItem("s3://bucket/k")]), "objects.invalid"),
            (TransferRequest(.get, [TransferItem("s3://bucket/k", path: "relative")]), "objects.invalid"),
            (TransferRequest(.get, [TransferItem("bucket/k", path: "/f")]), "objects.invalid"),
            (
                TransferRequest(.put, [TransferItem("s3://bucket/k", path: "/f", offset: -1, length: 2)]),
                "objects.invalid"
            ),
            (
                TransferRequest(.put, [TransferItem("s3://bucket/k", path: "/f", offset: 1, length: .max)]),
                "objects.invalid"
            ),
            (TransferRequest(.get, [TransferItem("s3://bucket/k", path: "/f", offset: 3, length: 0)]), "objects.range"),
            (
                TransferRequest(.get, [TransferItem("s3://bucket/k", path: "/f", offset: 1, length: .max)]),
                "objects.range"
            ),
            (TransferRequest(.get, [TransferItem("s3://bucket/k", path: "/f", length: .min)]), "objects.range"),
        ])
    func refuses(request: TransferRequest, code: String) async {
        let work = TransferWork(stores: BucketStores(environment: [:]), request: request)
        let answer = await work.answer(0) { _ in }
        #expect(answer.index == 0)
        #expect(answer.code == code)
        #expect(answer.error?.contains("bucket/k") == true)
    }
}
