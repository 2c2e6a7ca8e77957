package import Foundation
import MusterProcess

/// A proxy of HTTP on this machine: it passes plain requests on, makes tunnels, and notes what it was asked
/// for. Whatever a server is called, it looks for it on this machine.
package final class ProxyServer: Sendable {
    package let port: Int
    private let log: String
    private let process: SpawnedProcess
    private let reactor: ProcessReactor

    /// The first lines of the requests so far.
    package var requests: [String] {
        ((try? String(contentsOfFile: self.log, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    /// - Parameter credentials: What it wants to be shown, `NAME:PASSWORD`; nothing where it is empty.
    package init(in folder: TestFolder, credentials: String = "") async throws {
        self.log = "\(folder.path)/proxy.log"
        let ready = "\(folder.path)/proxy.port"
        self.reactor = try ProcessReactor()
        self.process = try self.reactor.spawn(
            ProcessSpec(
                executable: "/usr/bin/env", arguments: ["python3", "-c", Self.script, self.log, ready, credentials],
                environment: ProcessInfo.processInfo.environment, newSession: true),
            onOutput: { _, _ in }, onExit: { _ in })
        var port: Int?
        for _ in 0..<600 where port == nil {
            port = (try? String(contentsOfFile: ready, encoding: .utf8)).flatMap { Int($0) }
            if port == nil { try await Task.sleep(for: .milliseconds(50)) }
        }
        guard let port else { throw ServerScriptError(description: "the proxy did not come up") }
        self.port = port
    }

    deinit { self.process.signal(SIGKILL) }

    private static let script = """
        import asyncio, base64, os, sys
        log, ready, wanted = sys.argv[1:]
        async def copy(reader, writer):
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except OSError:
                pass
            finally:
                writer.close()
        async def serve(reader, writer):
            head = await reader.readuntil(b"\\r\\n\\r\\n")
            line, *fields = head.decode().split("\\r\\n")
            with open(log, "a") as file:
                file.write(line + "\\n")
            shown = next((each.split(" ", 2)[2] for each in fields if each.lower().startswith("proxy-authorization: ")), "")
            if wanted and base64.b64decode(shown).decode() != wanted:
                writer.write(b"HTTP/1.1 407 Show yourself\\r\\nContent-Length: 0\\r\\n\\r\\n")
                return writer.close()
            method, target, _ = line.split(" ")
            place = target if method == "CONNECT" else target.split("/")[2]
            host, port = place.rsplit(":", 1)
            # Whatever the server is called, it is on this machine.
            server, to = await asyncio.open_connection("127.0.0.1", int(port))
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Here it is\\r\\n\\r\\n")
            else:
                path = "/" + target.split("/", 3)[3]
                to.write("\\r\\n".join([f"{method} {path} HTTP/1.1", *fields]).encode())
            await asyncio.gather(copy(reader, to), copy(server, writer))
        async def main():
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            with open(ready + ".new", "w") as file:
                file.write(str(server.sockets[0].getsockname()[1]))
            os.rename(ready + ".new", ready)
            await server.serve_forever()
        asyncio.run(main())
        """
}
