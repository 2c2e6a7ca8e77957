import FoundationEssentials
import Muster

/// Puts, gets, lists and looks at objects of the bucket that the run's store is in.
@Flow
struct S3Flow {
    @Step func start() async throws -> Next {
        let s3 = try S3(run: current)
        let url = try await s3.put("tree/0.txt", "zero")
        try expect(url.hasSuffix("/data/S3Flow/\(current.runID)/tree/0.txt"), true, url)
        let file = "\(current.temporaryFolder)/large"
        try Data(repeating: 7, count: 40 << 20).write(to: URL(filePath: file))
        let stored = try await s3.putMany([
            S3Put("tree/b/1.txt", Data("one".utf8), contentType: "text/x", metadata: ["k": "v"]),
            S3Put("ü ?#", Data()), S3Put("large", file: file),
        ])
        try expect(stored.count, 3, "stored")
        try expect(try await s3.putFiles([("large", file), ("copy", file)], overwrite: false).count, 1, "not again")
        try await s3.put("tree/0.txt", "other", overwrite: false)
        return .end
    }

    @Step func end() async throws {
        let s3 = try S3(run: current)
        try expect(try await s3.get("tree/0.txt").text(), "zero", "text")
        let many = try await s3.getMany([
            "tree/b/1.txt", "ü ?#", S3Get("large", .bytes(5..<7)), S3Get("large", .last(3)),
        ])
        try expect(many.map(\.range), [0..<3, 0..<0, 5..<7, (40 << 20) - 3..<40 << 20], "ranges")
        try expect(many[0].metadata, ["k": "v"], "metadata")
        try expect(many[0].contentType, "text/x", "type")
        try expect(try many[2].data(), Data([7, 7]), "bytes")
        try expect(try await s3.get("large").data(), Data(repeating: 7, count: 40 << 20), "large")
        try expect(try await s3.get("nothing", returnMissing: true).exists, false, "missing")
        try expect(
            try await s3.listPaths().map { "\($0.key) \($0.exists)" },
            ["copy true", "large true", "ü ?# true", "tree/ false"], "paths")
        try expect(try await s3.listRecursive(["tree"]).map(\.key), ["0.txt", "b/1.txt"], "recursive")
        try expect(try await s3.getRecursive(["tree"]).map { try $0.text() }, ["zero", "one"], "all below")
        try expect(try await s3.info("large").size, 40 << 20, "size")
        do {
            _ = try await s3.get("nothing")
            throw FixtureError("nothing was found")
        } catch let error as S3Error {
            try expect(error.code, .missing, "code")
        }
        let reading = Task { try await s3.get("large") }
        reading.cancel()
        try expect(await reading.result.isSuccess, false, "cancelled")
        let other = try S3(root: "s3://\(try await s3.info("large").url.split(separator: "/")[1])")
        try expect(try await other.listPaths([""]).contains { !$0.exists }, true, "the bucket")
        print("s3: \(many.count) objects")
    }
}

extension Result {
    fileprivate var isSuccess: Bool {
        if case .success = self { true } else { false }
    }
}
