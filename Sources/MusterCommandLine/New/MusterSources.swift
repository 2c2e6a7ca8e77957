import Foundation
import MusterSystem

/// The place from which a Swift package takes Muster's sources.
enum MusterSources: Equatable {
    /// The absolute path of the source tree.
    case folder(String)
    /// The address of a repository, and the oldest version that will do.
    case repository(address: String, version: String)

    /// - Parameter named: A folder, or an address; nil for the source tree around this program.
    /// - Throws: ``CommandFailure`` when there are no sources there.
    init(_ named: String?) throws(CommandFailure) {
        guard let named else {
            let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
            guard let found = Self.around(own) else {
                throw CommandFailure(
                    .usage,
                    "a flow in Swift is built with Muster's sources, and there are none around \(own); name their folder or their repository with --muster, or make a flow in Python with --python"
                )
            }
            self = .folder(found)
            return
        }
        if named.contains("://") || named.hasPrefix("git@") {
            self = .repository(address: named, version: ProgramVersion.number)
            return
        }
        let path = AbsolutePath.of(named)
        guard Self.isSourceTree(path) else {
            throw CommandFailure(.usage, "--muster names \(path), which does not hold Muster's sources")
        }
        self = .folder(path)
    }

    private static func around(_ program: String) -> String? {
        var folder = (program as NSString).deletingLastPathComponent
        while folder != "/", !folder.isEmpty {
            if self.isSourceTree(folder) { return folder }
            folder = (folder as NSString).deletingLastPathComponent
        }
        return nil
    }

    private static func isSourceTree(_ folder: String) -> Bool {
        ["Package.swift", "Sources/Muster/FlowMacros.swift"].allSatisfy {
            FileManager.default.fileExists(atPath: "\(folder)/\($0)")
        }
    }
}
