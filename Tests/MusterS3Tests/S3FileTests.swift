import Foundation
import MusterObjects
import MusterTestSupport
import Synchronization
import Testing

@testable import MusterS3

/// Files with attributes and ranges, with a server whose answers the test decides. `S3FlowTests` does it with radosgw.
@Suite struct S3FileTests {
    /// A server of one object, which may be another one from request `change` on.
    private static func with(
        _ object: Data, changed: Data? = nil, at change: Int = .max, cut: Int? = nil, knowsRanges: Bool = true,
        _ body: (S3ObjectStore, TestFolder, Seen) async throws -> Void
    ) async throws {
        let seen = Seen()
        try await ScriptedServer.with { request in
            let number = seen.add(request)
            let data = number >= change ? changed ?? object : object
            let tag = number >= change ? "\"new\"" : "\"old\""
            if request.method == "PUT" { return .answer(200) }
            let facts = [
                ("ETag", tag), ("Content-Type", "text/x"), ("x-amz-meta-K", "v"), ("x-amz-meta-muster-writer", "w"),
                ("Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-server-side-encryption", "AES256"),
            ]
            if request.method == "HEAD" { return .answer(200, facts + [("Content-Length", "\(data.count)")]) }
            if let match = request.header("If-Match"), match != tag { return .error(412, "PreconditionFailed") }
            let wanted = request.header("Range")?.dropFirst(6).split(separator: "-").compactMap { Int($0) } ?? []
            guard knowsRanges else { return .answer(200, facts + [("Content-Length", "\(data.count)")], data) }
            guard wanted[0] < data.count else { return .error(416, "InvalidRange") }
            let part = Data(data[wanted[0]...min(wanted[1], data.count - 1)])
            let range = ("Content-Range", "bytes \(wanted[0])-\(wanted[0] + part.count - 1)/\(data.count)")
            return number == cut
                ? .cut(
                    206, facts + [range, ("Content-Length", "\(part.count)")], part.prefix(part.count / 2), stays: false
                )
                : .answer(206, facts + [range], part)
        } _: { server in
            let store = try S3ObjectStore.make(testEnvironment(server.endpoint))
            try await body(store, TestFolder(), seen)
        }
    }

    private final class Seen: Sendable {
        private let state = Mutex<[ScriptedServer.Request]>([])

        func add(_ request: ScriptedServer.Request) -> Int {
            self.state.withLock {
                $0.append(request)
                return $0.count
            }
        }
        var requests: [ScriptedServer.Request] { self.state.withLock { $0 } }
    }

    private static func fetch(
        _ range: S3ByteRange?, _ store: S3ObjectStore, _ folder: TestFolder
    ) async throws -> (S3FetchedFile, Data) {
        let path = "\(folder.path)/file"
        let fetched = try await store.fetch("key", range, to: path)
        return (fetched, try Data(contentsOf: URL(filePath: path)))
    }

    @Test(
        "A range is the file's beginning, also where it has many parts and where one was cut",
        arguments: [nil, 1, 2, 3])
    func ranges(cut: Int?) async throws {
        let object = ObjectStoreConformance.bytes(40 << 20)
        try await Self.with(object, cut: cut) { store, folder, _ in
            let (fetched, data) = try await Self.fetch(.within(7..<36 << 20), store, folder)
            #expect(fetched.range == 7..<36 << 20)
            #expect(fetched.object.size == object.count)
            #expect(data == object[7..<36 << 20])
        }
    }

    @Test("The facts of an object come with its bytes, and the writer's name that Muster adds is none of them")
    func facts() async throws {
        try await Self.with(Data("hello".utf8)) { store, folder, _ in
            let (fetched, data) = try await Self.fetch(nil, store, folder)
            #expect(data == Data("hello".utf8))
            #expect(fetched.object.metadata == ["k": "v"])
            #expect(fetched.object.contentType == "text/x")
            #expect(fetched.object.encryption == "AES256")
            #expect(fetched.object.modified == 1_369_353_600)
            #expect(try await store.facts("key") == fetched.object)
        }
    }

    @Test("An empty object is a file without bytes, and has no range")
    func empty() async throws {
        try await Self.with(Data()) { store, folder, _ in
            let (fetched, data) = try await Self.fetch(nil, store, folder)
            #expect(data.isEmpty)
            #expect(fetched.range == 0..<0)
            #expect(fetched.object.contentType == "text/x")
            for range in [
                S3ByteRange.last(3), .from(0), .within(0..<1), .last(0), .from(-1), .from(Int.max), .within(3..<3),
            ] {
                let error = await #expect(throws: ObjectStoreError.self) { try await Self.fetch(range, store, folder) }
                #expect(error?.code == .range)
            }
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/file"))
        }
    }

    @Test("A server that knows no ranges sends all, and the file has what was asked for")
    func withoutRanges() async throws {
        try await Self.with(Data("hello".utf8), knowsRanges: false) { store, folder, _ in
            let (fetched, data) = try await Self.fetch(.within(0..<2), store, folder)
            #expect(data == Data("he".utf8))
            #expect(fetched.object.size == 5)
        }
    }

    @Test("The end of an object that is replaced meanwhile is that of the new one", arguments: [2, 9])
    func replacedEnd(size: Int) async throws {
        let new = Data("abcdefghi".utf8.prefix(size))
        try await Self.with(Data("hello".utf8), changed: new, at: 2) { store, folder, seen in
            let (fetched, data) = try await Self.fetch(.last(2), store, folder)
            #expect(data == new.suffix(2))
            #expect(fetched.object.size == size)
            #expect(seen.requests.count == 4)
        }
    }

    @Test("An object that is replaced between its parts is fetched anew, never mixed")
    func replaced() async throws {
        let new = Data(repeating: 2, count: 18 << 20)
        try await Self.with(Data(repeating: 1, count: 20 << 20), changed: new, at: 2) { store, folder, _ in
            let (_, data) = try await Self.fetch(nil, store, folder)
            #expect(data == new)
        }
    }

    @Test("A part of a file is sent with its attributes")
    func sends() async throws {
        try await Self.with(Data()) { store, folder, seen in
            let path = "\(folder.path)/source"
            try Data("0123456789".utf8).write(to: URL(filePath: path))
            let attributes = S3Attributes(contentType: "a/b", encryption: "AES256", metadata: ["k": "v"])
            #expect(try await store.send(S3FilePiece(path, range: 2..<5), to: "key", attributes) == .stored)
            let request = try #require(seen.requests.last)
            #expect(request.body == Data("234".utf8))
            #expect(request.header("content-type") == "a/b")
            #expect(request.header("x-amz-server-side-encryption") == "AES256")
            #expect(request.header("x-amz-meta-k") == "v")
            #expect(request.header("Authorization")?.contains("content-type;") == true)
        }
    }

    @Test("What is no file, or has no such bytes, is refused before a request")
    func refuses() async throws {
        try await Self.with(Data()) { store, folder, seen in
            try Data("0123456789".utf8).write(to: URL(filePath: "\(folder.path)/source"))
            let pieces = [
                S3FilePiece(folder.path), S3FilePiece("\(folder.path)/missing"), S3FilePiece("/dev/null"),
                S3FilePiece("\(folder.path)/source", range: 5..<11),
                S3FilePiece("\(folder.path)/source", range: -1..<2),
            ]
            for piece in pieces {
                let error = await #expect(throws: ObjectStoreError.self) { try await store.send(piece, to: "key") }
                #expect(error?.code == .file)
            }
            for attributes in [
                S3Attributes(contentType: "a\r\nb"), S3Attributes(metadata: ["a b": "c"]),
                S3Attributes(metadata: ["a": "ü"]),
            ] {
                let error = await #expect(throws: ObjectStoreError.self) {
                    try await store.send(S3FilePiece("\(folder.path)/source"), to: "key", attributes)
                }
                #expect(error?.code == .invalid)
            }
            #expect(seen.requests.isEmpty)
        }
    }
}
