import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterStore

@Suite struct CardStoreTests {
    let folder: TestFolder
    let store: CardStore
    let attempt = AttemptID(flow: "F", run: "1", step: "start", task: 3, attempt: 1)
    let card = CardName(place: 0, type: "default", id: nil)

    init() throws {
        self.folder = try TestFolder()
        self.store = CardStore(StoreLayout(root: "\(self.folder.path)/.muster"))
    }

    @Test(
        "A card's name comes back from its text, a type with `_` among them",
        arguments: [
            ("0_default", "default", nil), ("1_blank_summary_2", "blank", "summary_2"), ("2_my-page_a", "my_page", "a"),
            ("0_my-own-page", "my_own_page", nil),
        ] as [(String, String, String?)])
    func names(text: String, type: String, id: String?) throws {
        let name = try #require(CardName(text))
        #expect(name.type == type)
        #expect(name.id == id)
        #expect(name.text == text)
    }

    @Test(
        "What is no card's name is none",
        arguments: ["", "default", "x_default", "0_", "0_a/b", "0_a_", "0_a_b-c", "-1_a"])
    func noNames(text: String) {
        #expect(CardName(text) == nil)
    }

    @Test("A page stands in the store by its name, and a newer one replaces it")
    func take() throws {
        let path = self.store.layout.cardFile(self.attempt, node: 2, self.card)
        for text in ["<p>one</p>", "<p>two, longer</p>"] {
            let file = try self.folder.write("task/card.html", text)
            try self.store.take(file: file, as: self.card, of: self.attempt, node: 2)
            #expect(!FileManager.default.fileExists(atPath: file))
            #expect(try self.store.page(path).bytes == Data(text.utf8))
        }
        let name = try #require(path.split(separator: "/").last.map(String.init))
        #expect(AttemptFile(name: name)?.kind == .card(node: 2, self.card))
    }

    @Test("A page comes from another file system too", .enabled(if: SmallDisk.canBeMade))
    func otherFileSystem() throws {
        let disk = try SmallDisk(path: "\(self.folder.path)/disk")
        let file = "\(disk.path)/card.html"
        try Data("<p>x</p>".utf8).write(to: URL(filePath: file))
        try self.store.layout.prepare()
        try self.store.take(file: file, as: self.card, of: self.attempt, node: 0)
        #expect(!FileManager.default.fileExists(atPath: file))
        let path = self.store.layout.cardFile(self.attempt, node: 0, self.card)
        #expect(try self.store.page(path).bytes == Data("<p>x</p>".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.store.layout.incoming) == [])
    }

    @Test("A link is no page")
    func links() throws {
        let link = "\(self.folder.path)/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/etc/hostname")
        #expect(throws: StoreError.self) {
            try self.store.take(file: link, as: self.card, of: self.attempt, node: 0)
        }
    }
}
