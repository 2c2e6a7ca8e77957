import Foundation
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// Checks that this machine can run flows.
struct MachineCheck {
    let context: CommandContext
    let layout: StoreLayout

    private var tools: ToolCall { ToolCall(reactor: self.context.reactor, environment: self.context.environment) }

    func findings() async -> [Finding] {
        [await self.agent()] + (await self.python()) + [await self.uv()] + self.store()
    }

    // MARK: - Programs

    private func agent() async -> Finding {
        do {
            let path = try self.context.agent()
            let answer = await self.tools.answer(path, ["--version"])
            guard answer.isSuccess else {
                return .missing(
                    "agent", "\(path) does not run: \(answer.text)", "build or install muster-agent for this machine")
            }
            guard answer.firstLine.hasSuffix(ProgramVersion.number) else {
                return .missing(
                    "agent", "\(path) is \(answer.firstLine), and this is muster \(ProgramVersion.number)",
                    "take both from one release")
            }
            return .ok("agent", "\(path), \(answer.firstLine)")
        } catch {
            return .missing("agent", CommandFailure(error).message)
        }
    }

    private func python() async -> [Finding] {
        let flow = PythonFlow(environment: self.context.environment)
        let interpreter: String
        do {
            interpreter = try flow.interpreter()
        } catch {
            return [.note("python", CommandFailure(error).message, "only flows in Python and their frameworks need it")]
        }
        let answer = await self.tools.answer(interpreter, ["--version"])
        guard answer.isSuccess else {
            return [
                .missing("python", "\(interpreter) does not run: \(answer.text)", "name another in MUSTER_PYTHON")
            ]
        }
        let found = Finding.ok("python", "\(interpreter), \(answer.firstLine)")
        do {
            return [found, .ok("front end", try flow.frontEnd())]
        } catch {
            return [found, .note("front end", CommandFailure(error).message, "only flows in Python need it")]
        }
    }

    private func uv() async -> Finding {
        let path = self.context.environment["PATH"] ?? ""
        guard let uv = self.context.settings.programs.uv ?? ExecutableSearch.find("uv", path: path) else {
            return .note(
                "uv", "there is none on the PATH",
                "it is installed into the cache by pip when a step first asks for packages; nothing has to be done")
        }
        let answer = await self.tools.answer(uv, ["--version"])
        return answer.isSuccess
            ? .ok("uv", "\(uv), \(answer.firstLine)")
            : .missing("uv", "\(uv) does not run: \(answer.text)", "correct or remove it, or name another in MUSTER_UV")
    }

    // MARK: - The store

    private func store() -> [Finding] {
        let root = self.layout.root
        let kind = FileSystemKind(of: root)
        var place = root
        while access(place, F_OK) != 0, place.count > 1 { place = Folder.parent(of: place) }
        let trial = "\(place)/.muster-doctor-\(getpid())"
        defer { for path in [trial, "\(trial).link"] { unlink(path) } }
        do throws(SystemError) {
            let file = try OpenFile(trial, O_WRONLY | O_CREAT | O_EXCL)
            try file.write(Data("muster".utf8))
            guard link(trial, "\(trial).link") == 0 else {
                return [
                    .missing(
                        "store", "\(root) is on \(kind.name), which makes no hard links (\(SystemError.lastText))",
                        "name a folder of another file system with --store")
                ]
            }
            let isNew = place != root
            let store = Finding.ok("store", "\(root) can be \(isNew ? "made" : "written"), on \(kind.name)")
            guard file.tryLock(.exclusive) else {
                return [
                    store,
                    .missing(
                        "locks", "\(kind.name) has no locks here (\(SystemError.lastText))",
                        "mount it with them (Lustre: -o flock; NFS: without nolock), or name another folder with --store"
                    ),
                ]
            }
            return [
                store,
                kind.isNetwork
                    ? .ok("locks", "they work here; engines on other machines are told by their sign of life besides")
                    : .ok("locks", "they work"),
            ]
        } catch {
            return [
                .missing("store", "\(error)", "make the folder writable, or name another with --store")
            ]
        }
    }
}
