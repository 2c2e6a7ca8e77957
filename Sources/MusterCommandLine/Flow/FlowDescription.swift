import Foundation
import MusterModel
import MusterProcess

/// Asks a flow program to describe itself.
struct FlowDescription {
    let reactor: ProcessReactor
    let environment: [String: String]
    /// Seconds that the program may take.
    let deadline: Double
    /// The longest manifest, in bytes: the longest flows have some megabytes.
    var limit = 256 << 20

    /// The manifest that `program` prints.
    /// - Throws: ``CommandFailure`` with the program's own last words when it crashes, hangs, or prints something else.
    func manifest(of command: [String]) async throws -> FlowManifest {
        let program = PythonFlow.file(of: command) ?? command[0]
        let outcome = try await self.run(command, called: program)
        guard outcome.status.isSuccess else {
            let lines = LastLines.of(outcome.standardError)
            throw CommandFailure(
                .usage,
                PythonFlow.file(of: command) != nil && outcome.status == .exited(1)
                    ? "the flow \(program) cannot be read\(lines)"
                    : "the flow program \(program) failed when it was asked to describe itself (\(outcome.status))\(lines)"
            )
        }
        return try self.read(Data(outcome.standardOutput), of: program, outcome.standardError)
    }

    private func run(_ command: [String], called program: String) async throws -> ProcessOutcome {
        let spec = ProcessSpec(
            executable: command[0], arguments: Array(command.dropFirst()) + ["describe"], environment: self.environment)
        let reactor = self.reactor
        let (deadline, limit) = (self.deadline, self.limit)
        return try await withThrowingTaskGroup(of: ProcessOutcome?.self) { group in
            group.addTask {
                do {
                    return try await reactor.run(spec, limit: limit)
                } catch is OutputTooLong {
                    throw CommandFailure(
                        .usage,
                        "\(program) is no flow program: `describe` has to print a manifest in JSON, and printed more than \(limit) bytes"
                    )
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(deadline))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let outcome = first else {
                throw CommandFailure(
                    .usage,
                    "the flow program \(program) did not describe itself within \(TimeText.duration(deadline)); it has to print its manifest at once"
                )
            }
            return outcome
        }
    }

    private struct Version: Decodable {
        var version: Int
    }

    private func read(_ data: Data, of program: String, _ errors: [UInt8]) throws -> FlowManifest {
        guard let version = try? JSONDecoder().decode(Version.self, from: data) else {
            let start = String(decoding: data.prefix(80), as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
            throw CommandFailure(
                .usage,
                "\(program) is no flow program: `describe` has to print a manifest in JSON, and printed '\(start)'\(LastLines.of(errors))"
            )
        }
        guard version.version == FlowManifest.currentVersion else {
            throw CommandFailure(
                .usage,
                "\(program) speaks version \(version.version) of the step protocol and this muster speaks \(FlowManifest.currentVersion); build both from one release"
            )
        }
        do {
            return try JSONDecoder().decode(FlowManifest.self, from: data)
        } catch {
            throw CommandFailure(.usage, "the manifest that \(program) prints cannot be read: \(Self.explain(error))")
        }
    }

    /// The place of a fault in the manifest.
    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        let context: DecodingError.Context
        switch error {
        case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
            .dataCorrupted(let found):
            context = found
        @unknown default: return "\(error)"
        }
        let place = context.codingPath.map(\.stringValue).joined(separator: ".")
        return place.isEmpty ? context.debugDescription : "\(context.debugDescription) (at \(place))"
    }
}
