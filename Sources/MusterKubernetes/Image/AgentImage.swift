import Crypto
package import Foundation
package import MusterBackends
import MusterModel
import MusterSystem

/// A container image that holds the agent and nothing else, in the layout of the Open Container Initiative, which every
/// runtime and every registry takes (https://github.com/opencontainers/image-spec).
package struct AgentImage: Sendable {
    package struct Blob: Sendable {
        package let type: String
        package let data: Data
        package let digest: String

        init(_ type: String, _ data: Data) {
            self.type = type
            self.data = data
            self.digest = "sha256:\(Hexadecimal.text(SHA256.hash(data: data)))"
        }

        fileprivate var descriptor: JSONValue {
            ["mediaType": .string(self.type), "digest": .string(self.digest), "size": .int(self.data.count)]
        }
    }

    package let layer: Blob
    package let configuration: Blob
    package let manifest: Blob

    /// - Parameter program: The agent, a static executable for Linux.
    /// - Throws: A ``BackendError`` for a program that cannot run without files beside it.
    package init(program: Data) throws(BackendError) {
        guard let architecture = try ExecutableFile(program).architecture else {
            throw .kubernetes("the agent is for a processor that Muster does not know")
        }
        var files = TarArchive()
        files.add("muster-agent", program, mode: 0o755)
        let layer = Blob("application/vnd.oci.image.layer.v1.tar", files.finished())
        let configuration: JSONValue = [
            "architecture": .string(architecture), "os": "linux",
            "config": ["Entrypoint": ["/muster-agent"]],
            "rootfs": ["type": "layers", "diff_ids": [.string(layer.digest)]],
        ]
        self.layer = layer
        self.configuration = Blob("application/vnd.oci.image.config.v1+json", try Self.encoded(configuration))
        self.manifest = Blob(
            "application/vnd.oci.image.manifest.v1+json",
            try Self.encoded([
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": self.configuration.descriptor, "layers": [layer.descriptor],
            ]))
    }

    /// The image as a file for `docker load`, `podman load`, `ctr images import` and `skopeo copy`.
    /// - Parameter name: Such as `team/muster-agent:1.0`.
    package func archive(named name: String) throws(BackendError) -> Data {
        var archive = TarArchive()
        archive.add("oci-layout", try Self.encoded(["imageLayoutVersion": "1.0.0"]))
        guard case .object(var described) = self.manifest.descriptor else { return Data() }
        described["annotations"] = [
            "io.containerd.image.name": .string(Self.full(name)),
            "org.opencontainers.image.ref.name": .string(Self.full(name)),
        ]
        archive.add("index.json", try Self.encoded(["schemaVersion": 2, "manifests": [.object(described)]]))
        // Docker before 25 reads this, and not the index.
        archive.add(
            "manifest.json",
            try Self.encoded([
                [
                    "Config": .string(Self.path(self.configuration)), "RepoTags": [.string(name)],
                    "Layers": [.string(Self.path(self.layer))],
                ]
            ]))
        for blob in [self.layer, self.configuration, self.manifest] { archive.add(Self.path(blob), blob.data) }
        return archive.finished()
    }

    private static func path(_ blob: Blob) -> String { "blobs/sha256/\(blob.digest.dropFirst(7))" }

    /// The name as runtimes keep it: with the registry that is meant without one.
    static func full(_ name: String) -> String {
        if ImageName.hasRegistry(name) { return name }
        return name.contains("/") ? "docker.io/\(name)" : "docker.io/library/\(name)"
    }

    private static func encoded(_ value: JSONValue) throws(BackendError) -> Data {
        do {
            return try value.data()
        } catch {
            throw BackendError(code: .machine, message: "the image cannot be written: \(error)", isTransient: false)
        }
    }
}

/// The beginning of an executable file of Linux (ELF, 64 bits; https://refspecs.linuxfoundation.org/elf).
struct ExecutableFile {
    /// In the words of images; nil for another processor.
    let architecture: String?

    /// - Throws: A ``BackendError`` for what is no static executable.
    init(_ data: Data) throws(BackendError) {
        guard data.count > 64, data.prefix(5) == Data([0x7f, 0x45, 0x4c, 0x46, 2]) else {
            throw .kubernetes("the agent is no executable file of Linux")
        }
        func number(at offset: Int, bytes: Int) -> Int {
            (0..<bytes).reduce(0) { sum, index in
                let place = offset + index
                return sum | (place < data.count ? Int(data[data.startIndex + place]) << (8 * index) : 0)
            }
        }
        self.architecture = [62: "amd64", 183: "arm64"][number(at: 18, bytes: 2)]
        let (table, size, count) = (number(at: 32, bytes: 8), number(at: 54, bytes: 2), number(at: 56, bytes: 2))
        // A segment that names the program which loads libraries.
        guard !(0..<count).contains(where: { number(at: table + $0 * size, bytes: 4) == 3 }) else {
            throw .kubernetes(
                "this agent needs libraries that an image without anything else does not have: build it with `swift build -c release --static-swift-stdlib --product muster-agent`, or use the one of a release"
            )
        }
    }
}
