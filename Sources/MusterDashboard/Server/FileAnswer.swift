import Foundation
import Glibc
import HTTPTypes
import Hummingbird
import MusterSystem
import NIOCore
import NIOPosix

/// Sends a file piece by piece, so that a large one needs no memory.
enum FileAnswer {
    private static let piece = 256 << 10

    static func download(_ path: String, size: Int, name: String) -> Response {
        // The name as RFC 6266 has it for names that are not plain.
        let escaped = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "artifact"
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream",
                .contentDisposition: "attachment; filename*=UTF-8''\(escaped)",
            ],
            body: ResponseBody(contentLength: size) { writer in
                let file = try OpenFile(path, O_RDONLY)
                var offset = 0
                while offset < size {
                    let start = offset
                    let buffer = try await NIOThreadPool.singleton.runIfActive { () throws -> ByteBuffer in
                        var buffer = ByteBufferAllocator().buffer(capacity: Self.piece)
                        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.piece) { bytes in
                            try file.read(into: bytes, at: start)
                        }
                        return buffer
                    }
                    guard buffer.readableBytes > 0 else { break }
                    offset += buffer.readableBytes
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }
}
