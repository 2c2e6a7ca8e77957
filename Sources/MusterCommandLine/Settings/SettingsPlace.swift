import Foundation
import MusterProcess

/// The flow that a call is about, as far as its folder is known before it has described itself.
struct SettingsPlace {
    private let flowFolder: String
    private let folder = FileManager.default.currentDirectoryPath

    /// - Parameter name: A flow as it was named: a program, a file, a folder, a product of the package around this folder;
    ///   nil for the package in this folder, or none.
    init(flow name: String?, _ options: FlowOptions) {
        self.flowFolder = Self.folder(of: options.program ?? name, in: self.folder)
    }

    func read(given: [String: GivenSetting]) throws -> ResolvedSettings {
        try SettingsReader(environment: ProcessEnvironment.texts, folder: self.folder)
            .read(flowFolder: self.flowFolder, given: given)
    }

    static func folder(of flow: String?, in folder: String) -> String {
        guard let flow else { return folder }
        let path = AbsolutePath.of(flow, in: folder)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, isFolder.boolValue { return path }
        let near = (path as NSString).deletingLastPathComponent
        // A Python file lies in the flow's folder; what is built lies somewhere below its package.
        if exists { return path.hasSuffix(".py") ? near : PackageFolder.around(near) ?? near }
        return PackageFolder.around(folder) ?? folder
    }
}

/// Swift packages.
enum PackageFolder {
    /// The nearest folder upwards that holds a Swift package.
    static func around(_ folder: String) -> String? {
        var folder = folder
        while true {
            if FileManager.default.fileExists(atPath: "\(folder)/Package.swift") { return folder }
            if folder == "/" || folder.isEmpty { return nil }
            folder = (folder as NSString).deletingLastPathComponent
        }
    }
}
