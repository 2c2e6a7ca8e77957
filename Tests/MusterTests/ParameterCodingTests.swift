import FoundationEssentials
import MusterModel
import Testing

@testable import Muster

@Suite struct ParameterCodingTests {
    private struct Shape: Codable, Equatable {
        var layers: [UInt64]
        var rate: Double
    }

    private func roundTrip<Value: Codable & Equatable>(_ value: Value, _ text: String?) throws {
        let encoded = try ParameterCoding.encode(value)
        #expect(encoded.text == text)
        #expect(try ParameterCoding.decode(Value.self, from: encoded) == value)
    }

    @Test("A default comes back from its text as it was")
    func roundTrips() throws {
        try self.roundTrip(3, "3")
        try self.roundTrip(UInt64.max, "18446744073709551615")
        try self.roundTrip(Double.infinity, "inf")
        try self.roundTrip(-Double.infinity, "-inf")
        try self.roundTrip(0.1, "0.1")
        try self.roundTrip("inf", "inf")
        try self.roundTrip("a \"b\"\n", "a \"b\"\n")
        try self.roundTrip(Double?.none, nil)
        try self.roundTrip(true, "true")
        try self.roundTrip(
            Shape(layers: [.max], rate: -.infinity), #"{"layers":[18446744073709551615],"rate":"-Infinity"}"#)
        #expect(try ParameterCoding.encode(Double.nan).text == "nan")
        #expect(try ParameterCoding.decode(Double.self, from: "nan").isNaN)
    }

    @Test(
        "A number is read as it was given",
        arguments: [
            ("1e400", .infinity), ("-1e400", -.infinity), (".5", 0.5), ("5.", 5), ("+2", 2), ("-inf", -.infinity),
        ] as [(String, Double)])
    func numbers(text: String, value: Double) throws {
        #expect(try ParameterCoding.decode(Double.self, from: ParameterValue(text)) == value)
        #expect(try ParameterCoding.decode(Double?.self, from: ParameterValue(text)) == value)
        #expect(try ParameterCoding.decode(Double.self, from: "-0.0").sign == .minus)
    }

    @Test("A number that does not fit its type is refused")
    func tooLarge() {
        #expect(throws: (any Error).self) { try ParameterCoding.decode(Int8.self, from: "300") }
        #expect(throws: (any Error).self) { try ParameterCoding.decode(Int.self, from: "99999999999999999999") }
        #expect(throws: (any Error).self) { try ParameterCoding.decode(Int.self, from: .null) }
    }
}
