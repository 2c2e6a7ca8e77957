import Foundation
import Glibc
import MusterModel
import MusterProcess

/// A Swift package with flows in it, built with the toolchain on the PATH. The Swift libraries are linked statically:
/// nodes elsewhere have none.
struct FlowPackage {
    let folder: String
    /// `debug` or `release`.
    let configuration: String
    let reactor: ProcessReactor
    let environment: [String: String]

    /// Builds `product`, or the only executable one, and returns the path of its program. Progress goes to standard
    /// error.
    /// - Throws: ``CommandFailure`` when the build fails or when it is not clear what to build.
    func build(product: String?) async throws -> String {
        let products = try await self.executables()
        let product = try self.choose(product, among: products)
        let built = try await self.swift(["build", "--product", product], showing: true)
        guard built.status.isSuccess else {
            throw CommandFailure(
                .usage,
                "the flow \(product) in \(self.folder) could not be built (\(built.status)); the compiler's messages are above"
            )
        }
        let place = try await self.swift(["build", "--show-bin-path"], showing: false)
        let bin = String(decoding: place.standardOutput, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard place.status.isSuccess, !bin.isEmpty else { throw self.failure("build --show-bin-path", place) }
        return "\(bin)/\(product)"
    }

    private func choose(_ product: String?, among products: [String]) throws -> String {
        if let product {
            guard products.contains(product) else {
                let hint = NameSuggestion.hint(for: product, among: products)
                throw CommandFailure(
                    .notFound,
                    "the package in \(self.folder) has no executable product '\(product)'\(hint); it has \(products.joined(separator: ", "))"
                )
            }
            return product
        }
        guard let only = products.first else {
            throw CommandFailure(.usage, "the package in \(self.folder) has no executable product; a flow is one")
        }
        guard products.count == 1 else {
            throw CommandFailure(
                .usage,
                "the package in \(self.folder) has several executable products (\(products.joined(separator: ", "))); go there and name one"
            )
        }
        return only
    }

    /// The names of everything executable in the package.
    private func executables() async throws -> [String] {
        let dump = try await self.swift(["package", "dump-package"], showing: false)
        guard dump.status.isSuccess else { throw self.failure("package dump-package", dump) }
        guard let package = try? JSONDecoder().decode(Dump.self, from: Data(dump.standardOutput)) else {
            throw CommandFailure(.usage, "what `swift package dump-package` says about \(self.folder) cannot be read")
        }
        let declared = package.products.filter { $0.type["executable"] != nil }
        let covered = Set(declared.flatMap(\.targets))
        // SwiftPM makes a product for an executable target that no product covers.
        let implied = package.targets.filter { $0.type == "executable" && !covered.contains($0.name) }
        return declared.map(\.name) + implied.map(\.name)
    }

    private struct Dump: Decodable {
        struct Product: Decodable {
            var name: String
            var targets: [String]
            var type: [String: JSONValue]
        }
        struct Target: Decodable {
            var name: String
            var type: String
        }
        var products: [Product]
        var targets: [Target]
    }

    private func swift(_ arguments: [String], showing: Bool) async throws -> ProcessOutcome {
        let isBuild = arguments.first == "build"
        var spec = ProcessSpec(
            executable: "swift",
            arguments: arguments + ["--package-path", self.folder]
                + (isBuild ? ["-c", self.configuration, "--static-swift-stdlib"] : []),
            environment: self.environment, parentDeathSignal: SIGTERM)
        if showing {
            spec.standardOutput = .descriptor(STDERR_FILENO)
            spec.standardError = .inherit
        }
        do {
            return try await self.reactor.run(spec)
        } catch let error as SpawnError where error.reason == .notFound {
            throw CommandFailure(
                .usage,
                "the flow in \(self.folder) has to be built, and there is no `swift` on the PATH; install the Swift toolchain, or name a built flow program"
            )
        }
    }

    private func failure(_ verb: String, _ outcome: ProcessOutcome) -> CommandFailure {
        let lines = LastLines.of(outcome.standardError)
        return CommandFailure(.usage, "`swift \(verb)` failed for \(self.folder) (\(outcome.status))\(lines)")
    }
}

/// The end of what a program wrote, for an error message.
enum LastLines {
    /// Nothing, or `:` and the last lines below each other.
    static func of(_ bytes: [UInt8], count: Int = 10) -> String {
        let all = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
        // A Swift program that crashed prints the reason before its long backtrace.
        let reason = all.firstIndex { $0.contains("Fatal error:") }
        let lines = reason.map { all[$0...].prefix(1) } ?? all.suffix(count)
        return lines.isEmpty ? "" : ":\n" + lines.map { "  \($0)" }.joined(separator: "\n")
    }
}
