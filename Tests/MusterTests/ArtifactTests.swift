import FoundationEssentials
import Testing

@testable import Muster

@Suite struct ArtifactTests {
    private func roundTrip<Value: Codable>(_ value: Value) throws -> (
        encoding: ArtifactEncoding, value: Value, size: Int
    ) {
        let path = "/tmp/muster-artifact-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let encoding = try ArtifactCoding.write(value, to: path)
        #expect(try ArtifactCoding.bytes(of: value) == Data(contentsOf: URL(fileURLWithPath: path)))
        let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
        return (encoding, try ArtifactCoding.read(Value.self, from: path, encoding: encoding), size)
    }

    private func check<Value: Codable & Equatable>(_ value: Value, _ encoding: ArtifactEncoding, _ size: Int? = nil)
        throws
    {
        let result = try self.roundTrip(value)
        #expect(result.encoding == encoding)
        #expect(result.value == value)
        if let size { #expect(result.size == size) }
    }

    @Test("Numbers and bytes are kept raw, everything else as JSON")
    func encodings() throws {
        try self.check([1, -2, Int.max], .int64, 24)
        try self.check([Int64.min], .int64, 8)
        try self.check([Int32(-7), 7], .int32, 8)
        try self.check([Int16(-7)], .int16, 2)
        try self.check([Int8(-7)], .int8, 1)
        try self.check([UInt8(255)], .uint8, 1)
        try self.check([UInt16(255)], .uint16, 2)
        try self.check([UInt32(255)], .uint32, 4)
        try self.check([UInt64.max], .uint64, 8)
        try self.check([0.1, -.infinity], .float64, 16)
        try self.check([Float(0.1)], .float32, 4)
        try self.check([Double](), .float64, 0)
        try self.check(Data([0, 255, 10]), .data, 3)
        try self.check(Data(), .data, 0)
        try self.check(["a": [1]], .json)
        try self.check([[1.5]], .json)
        try self.check(Optional<Int>.none, .json, 4)
        try self.check("text", .json)
        try self.check(-Double.infinity, .json)
    }

    @Test("A NaN is kept like any other number")
    func notANumber() throws {
        #expect(try self.roundTrip(Double.nan).value.isNaN)
        #expect(try self.roundTrip([Double.nan]).value[0].isNaN)
    }

    @Test("A copy of a flow does not see later writes, and a change in place marks only its own copy")
    func valueSemantics() {
        var original = HandwrittenFlow()
        original.numbers = [1]
        let copy = original
        original.numbers.append(2)
        #expect(copy.numbers == [1])
        #expect(original.numbers == [1, 2])
    }

    @Test("A stored value is read once, however many copies look at it")
    func readsOnce() throws {
        let sandbox = try TaskSandbox.withStore()
        let agent = AgentClient(path: sandbox.agent.path)
        let reference = try sandbox.store("[1]".utf8, .json, as: "x")
        let source = ArtifactSource(locate: { try agent.locate($0) }, giveUp: { StepExit.now("\($0)") })
        var flow = HandwrittenFlow()
        let artifact = try #require(HandwrittenFlow.definition.artifacts.first)
        artifact.bind(&flow, reference, source)
        let copies = [flow, flow]
        #expect(copies.map(\.numbers) == [[1], [1]])
        #expect(sandbox.agent.requests.count == 1)
        #expect(artifact.reference(flow) == reference)
        var changed = flow
        changed.numbers.append(2)
        #expect(changed.numbers == [1, 2])
        #expect(flow.numbers == [1])
        #expect(artifact.reference(changed) == nil)
    }

    @Test("A large array is written and read at the speed of memory, not of text")
    func large() throws {
        let numbers = [Double](repeating: 0.25, count: 4 << 20)
        let duration = try ContinuousClock().measure {
            let result = try self.roundTrip(numbers)
            #expect(result.size == 32 << 20)
            #expect(result.value.last == 0.25)
        }
        #expect(duration < .seconds(10))
    }

    @Test("A merge takes over what is agreed, leaves what is set, and refuses names that are no artifacts")
    func merge() throws {
        var left = HandwrittenFlow()
        left.note = "same"
        left.numbers = [1]
        var right = HandwrittenFlow()
        right.note = "same"
        right.numbers = [2]
        var joined = HandwrittenFlow()
        #expect(throws: MergeError.ambiguous(["numbers"])) { try joined.merge([left, right]) }
        #expect(joined.note == "none")
        try joined.merge([left, right], exclude: ["numbers"])
        #expect(joined.note == "same")
        joined.numbers = [3]
        try joined.merge([left, right])
        #expect(joined.numbers == [3])
        #expect(throws: MergeError.unknown(["nmae"])) { try joined.merge([left], include: ["nmae"]) }
        #expect(throws: MergeError.empty) { try joined.merge([]) }
    }
}
