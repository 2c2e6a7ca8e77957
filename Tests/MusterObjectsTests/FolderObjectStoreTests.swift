import Foundation
import MusterTestSupport
import Testing

@testable import MusterObjects

@Suite struct FolderObjectStoreTests {
    @Test("A folder keeps the rules", arguments: ObjectStoreConformance.rules)
    func conforms(rule: ObjectStoreConformance.Rule) async throws {
        let folder = try TestFolder()
        try await rule.check(FolderObjectStore("\(folder.path)/store"))
        let left = FileManager.default.enumerator(atPath: "\(folder.path)/store/.incoming")?.nextObject()
        #expect(left == nil)
    }

    @Test(
        "Keys that are no paths are escaped, others are their own paths, and all come back",
        arguments: [
            ("artifacts/ab/cd", "artifacts/ab/cd"), ("a//b", "a/%/b"), ("/a", "%/a"), ("a/", "a/%"), ("../x", "%2E./x"),
            ("a/./b", "a/%2E/b"), (".incoming/x", "%2Eincoming/x"), ("100%", "100%25"), ("a\nb", "a%0Ab"), ("%", "%25"),
            (".hidden", ".hidden"), ("...", "..."),
        ])
    func escapes(key: String, path: String) throws {
        #expect(try FolderKey.path(key) == path)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map { FolderKey.part(String($0)) }
        #expect(parts.compactMap { $0 }.joined(separator: "/") == key)
    }

    @Test("Files whose names are no parts of keys are not listed", arguments: ["a%2Fb", "a%", "a%zz", "a%2e", "%41"])
    func ignores(name: String) { #expect(FolderKey.part(name) == nil) }

    @Test("No key leads out of the folder")
    func staysInside() async throws {
        let folder = try TestFolder()
        let store = FolderObjectStore("\(folder.path)/store")
        for key in ["../out", "/out", "a/../../out", "./out"] {
            try await store.put(Data("x".utf8), at: key)
            #expect(try await store.get(key) == Data("x".utf8))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store"])
        #expect(try await store.objects(prefix: "").map(\.key) == ["../out", "./out", "/out", "a/../../out"])
    }

    @Test("A key that is no key, and one below another, are refused with a sentence")
    func refuses() async throws {
        let folder = try TestFolder()
        let store = FolderObjectStore(folder.path)
        try await store.put(Data(), at: "a/b")
        let long = String(repeating: "x", count: 256)
        for key in ["", "a\0b", String(repeating: "k/", count: 600), long, "a", "a/b/c"] {
            for mode in [PutMode.replacing, .creating] {
                let error = await #expect(throws: ObjectStoreError.self) {
                    _ = try await store.put(Data(), at: key, mode: mode)
                }
                #expect(error?.code == .invalid, "\(key.prefix(20)): \(error as Any)")
            }
        }
        #expect(try await store.objects(prefix: "").map(\.key) == ["a/b"])
    }

    @Test("Folders go with their last object, and a strange file is no object")
    func removesFolders() async throws {
        let folder = try TestFolder()
        let store = FolderObjectStore(folder.path)
        try await store.put(Data(), at: "deep/er/x")
        try await store.remove("deep/er/x")
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/deep"))
        #expect(try await store.head("deep") == nil)
        try await store.put(Data(), at: "deep/x")
        #expect(try await store.head("deep") == nil)
        try await store.remove("deep")
        #expect(try await store.head("deep/x") != nil)
    }

    @Test("Many writers and removers in one folder do not disturb each other")
    func racesWithRemoval() async throws {
        let folder = try TestFolder()
        let store = FolderObjectStore(folder.path)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<100 {
                        try await store.put(Data("\(round)".utf8), at: "shared/folder/\(writer)")
                        try await store.remove("shared/folder/\(writer)")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await store.objects(prefix: "").isEmpty)
    }
}
