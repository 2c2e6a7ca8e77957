package import Foundation
package import MusterObjects

/// The rules that every object store keeps, as `Documentation/ObjectStore.md` states them. Each uses keys of its own, so
/// they may run at the same time in one store.
package struct ObjectStoreConformance: Sendable {
    /// One rule: a sentence, and its check, which throws ``BrokenRule``.
    package struct Rule: Sendable, CustomStringConvertible {
        package let description: String
        /// True for a rule of writers at the same time, which a server that looks and then writes in two steps breaks.
        package var isRace = false
        package let check: @Sendable (any ObjectStore) async throws -> Void
    }

    package static let rules: [Rule] = [
        Rule(description: "An object is as it was put, also when it is empty", check: keepsBytes),
        Rule(description: "A second put replaces the object", check: replaces),
        Rule(description: "A range has the bytes that the object has of it", check: answersRanges),
        Rule(description: "What is not there is missing, and removed without complaint", check: knowsMissing),
        Rule(description: "Of many writers that create one object exactly one does", isRace: true, check: createsOnce),
        Rule(description: "A reader sees an object whole or not at all", check: isWhole),
        Rule(description: "Names of all kinds are kept apart and listed as they are", check: keepsNames),
        Rule(description: "Pages of a listing have every object once, in the order of bytes", check: listsPages),
        Rule(description: "A shallow listing has each folder once", check: listsFolders),
        Rule(description: "Many objects go at once", check: removesMany),
        Rule(description: "Files of all sizes come back as they were sent", check: carriesFiles),
        Rule(
            description: "A file that is larger than a part is created by one writer only", isRace: true,
            check: createsFilesOnce),
        Rule(description: "A failed download leaves no file", check: leavesNoFile),
        Rule(description: "An object grows old until it is replaced", check: knowsAges),
    ]
}

/// A rule of a store that it does not keep.
package struct BrokenRule: Error, CustomStringConvertible {
    package let description: String
}

extension ObjectStoreConformance {
    /// Names that have broken one store or another.
    package static let strangeNames = [
        "plain", "with space", "a+b", "a%2Fb", "100%", "ü-composed", "u\u{308}-decomposed", "日本語", "🚂", "a&b=c?d#e",
        "quote\"'", "<tag>", "semi;colon", "back\\slash", "tilde~", "a*b", "$(x)", "trailing.", ".hidden", "-dash",
        "a:b", "a,b", "[x]", "{y}", "|", "^", "`", "@", "!", String(repeating: "n", count: 200),
    ]

    private static func require(_ isTrue: Bool, _ text: @autoclosure () -> String) throws {
        if !isTrue { throw BrokenRule(description: text()) }
    }

    private static func knowsAges(_ store: any ObjectStore) async throws {
        try self.require(try await store.age("ages/nothing") == nil, "what is not there has an age")
        try await store.put(Data(), at: "ages/object")
        // A busy server may take long to answer, and none tells more than whole seconds.
        try await Task.sleep(for: .seconds(6))
        let old = try await store.age("ages/object") ?? -1
        try self.require((5...300).contains(old), "after 6 s the age is \(old)")
        try await store.put(Data([1]), at: "ages/object")
        let new = try await store.age("ages/object") ?? -1
        try self.require(new >= 0 && new < old, "of a new object the age is \(new), and was \(old)")
    }

    private static func keepsBytes(_ store: any ObjectStore) async throws {
        for size in [0, 1, 100_000] {
            let data = self.bytes(size)
            try self.require(
                try await store.put(data, at: "bytes/\(size)") == .stored, "a put of \(size) is not stored")
            try self.require(try await store.get("bytes/\(size)") == data, "\(size) bytes come back changed")
            let info = try await store.head("bytes/\(size)")
            try self.require(info?.size == size, "the size of \(size) bytes is \(String(describing: info))")
        }
    }

    private static func replaces(_ store: any ObjectStore) async throws {
        try await store.put(self.bytes(5000), at: "replaced")
        try await store.put(Data("short".utf8), at: "replaced")
        try self.require(try await store.get("replaced") == Data("short".utf8), "the first object is still there")
    }

    private static func answersRanges(_ store: any ObjectStore) async throws {
        let data = self.bytes(1000)
        try await store.put(data, at: "ranges/some")
        try await store.put(Data(), at: "ranges/none")
        for range in [0..<1, 0..<1000, 10..<20, 999..<1000, 990..<2000, 1000..<1001, 5000..<6000, 7..<7] {
            let part = try await store.get("ranges/some", range: range)
            try self.require(
                part == data.dropFirst(range.lowerBound).prefix(range.count), "\(range) has \(part.count) bytes")
        }
        try self.require(try await store.get("ranges/none", range: 0..<10).isEmpty, "an empty object has a range")
    }

    private static func knowsMissing(_ store: any ObjectStore) async throws {
        try self.require(try await store.head("no/such/object") == nil, "head finds what is not there")
        for range in [nil, 0..<10, 0..<0] {
            do throws(ObjectStoreError) {
                _ = try await store.get("no/such/object", range: range)
                throw ObjectStoreError(.answer, "get finds what is not there")
            } catch {
                try self.require(error.code == .missing, "get of a missing object: \(error)")
                try self.require(error.message.contains("no/such/object"), "the message names no key: \(error)")
            }
        }
        try await store.remove("no/such/object")
        try await store.remove(["no/such/object", "no/other"])
        try await store.remove([])
        try self.require(try await store.objects(prefix: "no/").isEmpty, "a missing object is listed")
    }

    private static func createsOnce(_ store: any ObjectStore) async throws {
        for round in 0..<4 {
            let key = "created/\(round)"
            let winners = try await withThrowingTaskGroup(of: (Int, PutOutcome).self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        (writer, try await store.put(Data("writer \(writer)".utf8), at: key, mode: .creating))
                    }
                }
                return try await group.reduce(into: [Int]()) { if $1.1 == .stored { $0.append($1.0) } }
            }
            try self.require(winners.count == 1, "\(winners.count) of 8 writers created the object")
            let data = try await store.get(key)
            try self.require(data == Data("writer \(winners[0])".utf8), "the object is not the winner's")
        }
        let late = try await store.put(Data(), at: "created/0", mode: .creating)
        try self.require(late == .exists, "a later writer created the object again")
        try await store.remove("created/0")
        let anew = try await store.put(Data(), at: "created/0", mode: .creating)
        try self.require(anew == .stored, "a removed object cannot be created again")
    }

    private static func isWhole(_ store: any ObjectStore) async throws {
        let versions = (0..<4).map { Data(repeating: UInt8($0), count: 200_000 + $0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for version in versions { group.addTask { for _ in 0..<5 { try await store.put(version, at: "whole") } } }
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<10 {
                        do throws(ObjectStoreError) {
                            let data = try await store.get("whole")
                            guard versions.contains(data) else { throw ObjectStoreError(.answer, "a mixed object") }
                        } catch {
                            try self.require(error.code == .missing, "\(error)")
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func keepsNames(_ store: any ObjectStore) async throws {
        for name in self.strangeNames { try await store.put(Data(name.utf8), at: "names/\(name)") }
        for name in self.strangeNames {
            let data = try await store.get("names/\(name)")
            try self.require(data == Data(name.utf8), "\(name) holds \(String(decoding: data, as: UTF8.self))")
        }
        let listed = try await store.objects(prefix: "names/").map { Array($0.key.utf8) }
        let expected = self.strangeNames.map { Array("names/\($0)".utf8) }
            .sorted { $0.lexicographicallyPrecedes($1) }
        try self.require(listed == expected, "listed are \(listed.map { String(decoding: $0, as: UTF8.self) })")
        try await store.remove(self.strangeNames.map { "names/\($0)" })
        try self.require(try await store.objects(prefix: "names/").isEmpty, "some names were not removed")
    }

    private static func listsPages(_ store: any ObjectStore) async throws {
        // A dash and a dot come before the slash: folders cannot simply be walked one after the other.
        let keys = ["a-b", "a.b", "a/b", "a/c/d", "a0", "b/1", "b/2", "b/3", "c"].map { "pages/\($0)" }
        for key in keys.reversed() { try await store.put(Data(key.utf8), at: key) }
        for limit in [1, 2, 4, 9, 1000] {
            var found: [String] = []
            var request = ListRequest(prefix: "pages/", limit: limit)
            repeat {
                let page = try await store.list(request)
                try self.require(page.objects.count <= limit, "a page of \(limit) has \(page.objects.count) objects")
                found += page.objects.map(\.key)
                request.after = page.next
            } while request.after != nil && found.count <= keys.count
            try self.require(found == keys, "pages of \(limit): \(found)")
        }
        let some = try await store.objects(prefix: "pages/a")
        try self.require(some.map(\.key) == Array(keys.prefix(5)), "a prefix within a name finds \(some.map(\.key))")
        try self.require(some.first?.size == 9, "the listed size is \(String(describing: some.first?.size))")
    }

    private static func listsFolders(_ store: any ObjectStore) async throws {
        let keys = ["x/1", "x/2", "x-y", "y/deep/3", "z"].map { "folders/\($0)" }
        for key in keys { try await store.put(Data(), at: key) }
        for limit in [1, 2, 1000] {
            var objects: [String] = []
            var folders: [String] = []
            var request = ListRequest(prefix: "folders/", isShallow: true, limit: limit)
            repeat {
                let page = try await store.list(request)
                objects += page.objects.map(\.key)
                folders += page.folders
                request.after = page.next
            } while request.after != nil && objects.count + folders.count <= 10
            try self.require(objects == ["folders/x-y", "folders/z"], "pages of \(limit): objects \(objects)")
            try self.require(folders == ["folders/x/", "folders/y/"], "pages of \(limit): folders \(folders)")
        }
        let page = try await store.list(ListRequest(prefix: "folders/x", isShallow: true))
        try self.require(page.folders == ["folders/x/"], "a prefix without a slash finds \(page.folders)")
    }

    private static func removesMany(_ store: any ObjectStore) async throws {
        let keys = (0..<40).map { "many/\($0 % 4)/\($0)" }
        for key in keys { try await store.put(Data(), at: key) }
        try await store.put(Data(), at: "many/kept")
        try await store.remove(keys)
        let rest = try await store.objects(prefix: "many/").map(\.key)
        try self.require(rest == ["many/kept"], "left are \(rest)")
    }

    private static func carriesFiles(_ store: any ObjectStore) async throws {
        let folder = try TestFolder()
        // A part is 5 MiB in the tests: files of none, of one, of just one, and of several.
        for size in [0, 10, 5 << 20, 5 << 20 | 1, 17 << 20] {
            let data = self.bytes(size)
            try data.write(to: URL(filePath: "\(folder.path)/sent"))
            let sent = try await store.upload("\(folder.path)/sent", to: "files/\(size)")
            let got = try await store.download("files/\(size)", to: "\(folder.path)/got")
            try self.require(sent.outcome == .stored, "\(size) bytes were not stored")
            try self.require(sent.file == got && got.size == size, "\(size) bytes: \(sent.file) became \(got)")
            let back = try Data(contentsOf: URL(filePath: "\(folder.path)/got"))
            try self.require(back == data, "\(size) bytes come back changed")
            let listed = try await store.head("files/\(size)")?.size
            try self.require(listed == size, "\(size) bytes have another size")
        }
    }

    private static func createsFilesOnce(_ store: any ObjectStore) async throws {
        let folder = try TestFolder()
        let sizes = [6 << 20, 6 << 20 | 1, 6 << 20 | 2]
        for size in sizes { try self.bytes(size).write(to: URL(filePath: "\(folder.path)/\(size)")) }
        let winners = try await withThrowingTaskGroup(of: (Int, PutOutcome).self) { group in
            for size in sizes {
                group.addTask {
                    (
                        size,
                        try await store.upload("\(folder.path)/\(size)", to: "created-file", mode: .creating).outcome
                    )
                }
            }
            return try await group.reduce(into: [Int]()) { if $1.1 == .stored { $0.append($1.0) } }
        }
        try self.require(winners.count == 1, "\(winners.count) of 3 writers created the file's object")
        let size = try await store.head("created-file")?.size
        try self.require(size == winners.first, "the object is not the winner's")
    }

    private static func leavesNoFile(_ store: any ObjectStore) async throws {
        let folder = try TestFolder()
        let path = "\(folder.path)/none"
        do throws(ObjectStoreError) {
            _ = try await store.download("no/such/file", to: path)
            throw ObjectStoreError(.answer, "a missing object was downloaded")
        } catch {
            try self.require(error.code == .missing, "\(error)")
        }
        try self.require(!FileManager.default.fileExists(atPath: path), "a failed download leaves a file")
    }

    /// Bytes without a pattern that a shift would keep.
    package static func bytes(_ count: Int) -> Data {
        var state = UInt64(truncatingIfNeeded: count) | 1
        var bytes = [UInt8](repeating: 0, count: count)
        for place in bytes.indices {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes[place] = UInt8(truncatingIfNeeded: state >> 33)
        }
        return Data(bytes)
    }
}
