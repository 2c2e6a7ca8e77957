import Foundation
import MusterWire
import Testing

@Suite struct TransferMessageTests {
    @Test("The requests of the documentation are those that the helper reads, with all their fields")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Documentation/S3.md"), encoding: .utf8)
        let lines = page.split(separator: "`").filter { $0.hasPrefix("{\"do\"") }
        #expect(lines.count == 4)
        for line in lines {
            let request = try LineCoding.decode(TransferRequest.self, from: Data(line.utf8))
            let written = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary
            let again = try JSONSerialization.jsonObject(with: LineCoding.encode(request)) as? NSDictionary
            #expect(written == again)
        }
    }

    @Test("An answer says what it has, and nothing of the rest")
    func answers() throws {
        var answer = TransferAnswer(index: 3)
        answer.isStored = false
        #expect(String(decoding: try LineCoding.encode(answer), as: UTF8.self) == "{\"index\":3,\"stored\":false}\n")
        var last = TransferAnswer()
        last.isDone = true
        #expect(String(decoding: try LineCoding.encode(last), as: UTF8.self) == "{\"done\":true}\n")
    }
}
