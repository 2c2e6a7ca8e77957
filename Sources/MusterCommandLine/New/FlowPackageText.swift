import Foundation

/// The `Package.swift` of a new flow.
enum FlowPackageText {
    /// - Parameter scripts: Files beside the flow's source that Swift does not compile.
    static func text(name: String, scripts: [String], sources: MusterSources) -> String {
        let (dependency, identity) = self.dependency(sources)
        let excluded =
            scripts.isEmpty ? "" : "\n            exclude: [\(scripts.map(self.quoted).joined(separator: ", "))],"
        return """
            // swift-tools-version: 6.2

            import PackageDescription

            /// The program links nothing dynamically, so that it runs on nodes whose images hold nothing of Swift.
            let staticExecutable: [LinkerSetting] = [
                .unsafeFlags(
                    [
                        "-static-executable", "-use-ld=lld", "-Xlinker", "--eh-frame-hdr",
                        // Without these two a program sorts its unwind tables when it starts, for 30 to 100 ms.
                        "-Xlinker", "--wrap=__register_frame_info", "-Xlinker", "--wrap=__deregister_frame_info",
                    ], .when(platforms: [.linux]))
            ]

            let package = Package(
                name: "\(name)",
                platforms: [.macOS(.v15)],
                dependencies: [\(dependency)],
                targets: [
                    .executableTarget(
                        name: "\(name)",
                        dependencies: [.product(name: "Muster", package: \(self.quoted(identity)))],\(excluded)
                        linkerSettings: staticExecutable)
                ],
                swiftLanguageModes: [.v6]
            )

            """
    }

    /// The dependency, and the name by which a target refers to it.
    private static func dependency(_ sources: MusterSources) -> (String, String) {
        switch sources {
        case .folder(let path):
            return (".package(name: \"muster\", path: \(self.quoted(path)))", "muster")
        case .repository(let address, let version):
            // SwiftPM calls a repository by the last part of its address.
            let last = (address as NSString).lastPathComponent
            let identity = last.hasSuffix(".git") ? String(last.dropLast(4)) : last
            return (".package(url: \(self.quoted(address)), from: \(self.quoted(version)))", identity)
        }
    }

    /// A Swift literal.
    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
