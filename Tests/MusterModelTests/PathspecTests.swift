import MusterModel
import Testing

@Suite struct PathspecTests {
    @Test(
        "A pathspec is what it was read from",
        arguments: ["F/1", "F/1/train", "F/1/train/3", "F/1/train/3-node-2/loss"])
    func roundTrip(text: String) {
        #expect(Pathspec(text)?.description == text)
    }

    @Test(
        "Too few, too many, empty and climbing parts are no pathspec",
        arguments: ["", "F", "F//a", "F/1/a/2/b/c", "F/../x", "/F/1"])
    func refused(text: String) {
        #expect(Pathspec(text) == nil)
    }

    @Test("A task is named by its number, and by its node when it is a gang's worker")
    func taskNames() {
        #expect(TaskName("3") == TaskName(number: 3))
        #expect(TaskName("3-node-2") == TaskName(number: 3, node: 2))
        #expect(TaskName(number: 3, node: 2).description == "3-node-2")
        for text in ["", "0", "-1", "x", "3-node-", "3-2", "3-node--1"] { #expect(TaskName(text) == nil, "\(text)") }
    }
}
