import FoundationEssentials
import Glibc
import MusterStore
import MusterWire

extension JobReuse {
    /// Seconds between two looks: the slots of a foreach stand still for half of it after each task (Benchmarks:
    /// slurm-foreach).
    private static let look = 0.02

    /// Waits until the engine gives the job of this attempt another one, or says that none comes.
    /// - Returns: The path of the next order; nil after `seconds`, when the engine can give none any more.
    /// - Throws: `SystemError` when the store cannot be written to.
    static func wait(in folder: AttemptFolder, seconds: Double) async throws -> String? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < deadline {
            // An object that cannot be read is read again; at the deadline a store that fails throws.
            if let reuse = try? folder.value(JobReuse.self, of: .reuse) { return reuse.order }
            try await Task.sleep(for: .seconds(self.look))
        }
        guard try !folder.create(LineCoding.encode(JobReuse(order: nil)), as: .reuse) else { return nil }
        return try folder.value(JobReuse.self, of: .reuse)?.order
    }
}
