import CMusterDashboard
import Foundation
import HTTPTypes
import Hummingbird
import MusterSystem
import NIOCore

/// The files of the page.
struct Assets: Sendable {
    /// A folder that has them instead of the program; nil for those in the program.
    let folder: String?

    /// The page itself, which every address of a page shows.
    func page() throws -> Response { try self.response(to: "index.html") }

    /// - Throws: ``DashboardError`` when there is no such file.
    func response(to name: String) throws -> Response {
        guard let asset = Self.embedded.first(where: { $0.name == name }) else {
            throw DashboardError(.missing, "the page has no file of this name")
        }
        let bytes = self.folder.flatMap { FileContents.read("\($0)/\(asset.name)") }.map { ByteBuffer(bytes: $0) }
        return Response(
            status: .ok, headers: [.contentType: Self.type(of: name), .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: bytes ?? ByteBuffer(bytes: asset.bytes)))
    }

    private struct Embedded {
        let name: String
        let bytes: UnsafeRawBufferPointer
    }

    /// Read-only data of the program.
    private static var embedded: [Embedded] {
        UnsafeBufferPointer(start: muster_dashboard_assets(), count: muster_dashboard_asset_count()).map {
            Embedded(
                name: String(cString: $0.name), bytes: UnsafeRawBufferPointer(start: $0.bytes, count: $0.count))
        }
    }

    private static func type(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json": "application/json"
        default: "application/octet-stream"
        }
    }
}
