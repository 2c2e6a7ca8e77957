import Glibc
package import MusterStore
import MusterSystem

/// The files of attempts in the store, by task. The folder of a step is listed once for all of its tasks.
package struct StepFiles {
    package let layout: StoreLayout
    /// By folder and task.
    private var found: [String: [Int: [AttemptFile]]] = [:]

    package init(_ layout: StoreLayout) { self.layout = layout }

    /// The files of a task, in no order.
    /// - Throws: ``HistoryError`` for a folder that is there and cannot be read.
    package mutating func of(_ place: TaskPlace) throws -> [AttemptFile] {
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
            throw HistoryError(.store, "\(folder) cannot be read: \(SystemError.lastText)")
        }
        guard let names = Folder.names(in: folder) else {
            throw HistoryError(.store, "\(folder) cannot be read: \(SystemError.lastText)")
        }
        return names
    }
}
