import Foundation
import Glibc
import MusterStore
import MusterSystem

/// What attempts have left in the store, task by task. The folder of a step is read once, however many of its tasks are
/// asked for.
struct StepFiles {
    let layout: StoreLayout
    /// By folder and task.
    private var found: [String: [Int: [AttemptFile]]] = [:]

    init(_ layout: StoreLayout) { self.layout = layout }

    /// The files of a task, in no order.
    /// - Throws: ``CommandFailure`` for a folder that is there and cannot be read.
    mutating func of(_ place: TaskPlace) throws -> [AttemptFile] {
        let folder = self.layout.stepFolder(flow: place.flow, run: place.run, step: place.step)
        if self.found[folder] == nil {
            let names = try Self.names(in: folder)
            self.found[folder] = Dictionary(grouping: names.compactMap(AttemptFile.init(name:)), by: \.task)
        }
        return self.found[folder]?[place.task] ?? []
    }

    private static func names(in folder: String) throws -> [String] {
        guard access(folder, R_OK | X_OK) == 0 else {
            if errno == ENOENT { return [] }
            throw CommandFailure(.store, "\(folder) cannot be read: \(SystemError.lastText)")
        }
        return try FileManager.default.contentsOfDirectory(atPath: folder)
    }
}
