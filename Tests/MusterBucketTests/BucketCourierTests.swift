import Foundation
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import Testing

@Suite struct BucketCourierTests {
    private static func key(_ reference: ArtifactReference) -> String {
        "artifacts/\(reference.digest.prefix(1))/\(reference.digest)"
    }

    @Test("Artifacts of every size come to another machine as they were", arguments: [0, 1, 300 << 10, 20 << 20])
    func carries(size: Int) async throws {
        let machines = try TwoMachines()
        let bytes = Data((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
        let reference = try machines.first.artifacts.put(bytes, encoding: .data)
        try await machines.first.bucket.courier.store([reference, reference])
        try await machines.second.bucket.courier.fetch([reference, reference])
        #expect(try machines.second.artifacts.data(reference) == bytes)
        let incoming = try FileManager.default.contentsOfDirectory(atPath: machines.second.layout.incoming)
        #expect(incoming.isEmpty)
    }

    @Test("Many at once")
    func many() async throws {
        let machines = try TwoMachines()
        let references = try (0..<500).map { try machines.first.artifact("artifact \($0)") }
        try await machines.first.bucket.courier.store(references)
        try await machines.second.bucket.courier.fetch(references)
        for (number, reference) in references.enumerated() {
            #expect(try machines.second.artifacts.data(reference) == Data("artifact \(number)".utf8))
        }
    }

    @Test("A byte that was changed in the bucket is found, the object named, and nothing kept")
    func damagedObject() async throws {
        let machines = try TwoMachines()
        let reference = try machines.first.artifact("weights")
        try await machines.first.bucket.courier.store([reference])
        for damage in ["weightz", "weight", "weights!"] {
            try await machines.objects.put(Data(damage.utf8), at: Self.key(reference))
            let error = await #expect(throws: StoreError.self) {
                try await machines.second.bucket.courier.fetch([reference])
            }
            #expect(error?.code == .corrupt && error?.message.contains(Self.key(reference)) == true)
            #expect(!machines.second.artifacts.has(reference))
        }
        try await machines.objects.remove(Self.key(reference))
        let missing = await #expect(throws: StoreError.self) {
            try await machines.second.bucket.courier.fetch([reference])
        }
        #expect(missing?.code == .missing)
    }

    @Test("A file that was changed here does not stay in the bucket")
    func damagedFile() async throws {
        let machines = try TwoMachines()
        let reference = try machines.first.artifact("weights")
        let path = machines.first.layout.artifactFile(reference.digest)
        try FileManager.default.removeItem(atPath: path)
        try Data("weightz".utf8).write(to: URL(filePath: path))
        let error = await #expect(throws: StoreError.self) {
            try await machines.first.bucket.courier.store([reference])
        }
        #expect(error?.code == .corrupt && error?.message.contains(path) == true)
        #expect(try await machines.objects.head(Self.key(reference)) == nil)
    }

    @Test("A reference that is no digest becomes no path and no key")
    func noDigest() async throws {
        let machines = try TwoMachines()
        let reference = ArtifactReference(digest: "../../secret", size: 1, encoding: .data)
        await #expect(throws: StoreError.self) { try await machines.second.bucket.courier.fetch([reference]) }
        await #expect(throws: StoreError.self) { try await machines.second.bucket.courier.fetch(package: "../x") }
    }

    @Test("A code package comes to another machine with its folders, links and modes, and keeps its digest")
    func package() async throws {
        let machines = try TwoMachines()
        let source = "\(machines.folder.path)/flow"
        try machines.folder.write("flow/flow.py", "print(1)\n")
        try machines.folder.write("flow/lib/a.py", "a = 1\n")
        try machines.folder.write("flow/folder/493", "a name that could be taken for something else")
        try FileManager.default.createDirectory(atPath: "\(source)/empty", withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(source)/flow.py")
        try FileManager.default.createSymbolicLink(atPath: "\(source)/link.py", withDestinationPath: "lib/a.py")
        let code = try CodePackage(folder: source).packed()
        try code.keep(in: machines.first.layout)
        try await machines.first.bucket.courier.store(package: code)
        try await machines.second.bucket.courier.fetch(package: code.digest)
        let place = machines.second.layout.packageFolder(code.digest)
        #expect(
            try CodePackage(folder: place).digest()
                == CodePackage(folder: machines.first.layout.packageFolder(code.digest)).digest())
        #expect(try String(contentsOfFile: "\(place)/link.py", encoding: .utf8) == "a = 1\n")
        #expect(FileManager.default.isExecutableFile(atPath: "\(place)/flow.py"))
        #expect(FileManager.default.fileExists(atPath: "\(place)/empty"))

        let key = "packages/\(code.digest)"
        var archive = try await machines.objects.get(key)
        for damage in [archive.count - 1, 3, archive.count / 2] {
            archive[damage] ^= 1
            try await machines.objects.put(archive, at: key)
            let third = try Machine("\(machines.folder.path)/third", machines.objects)
            let error = await #expect(throws: StoreError.self) {
                try await third.bucket.courier.fetch(package: code.digest)
            }
            #expect(error?.code == .corrupt)
            #expect(!FileManager.default.fileExists(atPath: third.layout.packageFolder(code.digest)))
            archive[damage] ^= 1
        }
    }
}
