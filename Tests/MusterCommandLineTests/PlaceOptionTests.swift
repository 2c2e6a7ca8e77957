import MusterModel
import Testing

@testable import MusterCommandLine

/// A place in `--with`.
@Suite struct PlaceOptionTests {
    @Test("Options are numbers, truth values, lists and texts; commas in brackets belong to a value")
    func values() throws {
        let option = try #require(
            PlaceOption(
                "slurm:partition=gpu,time=60,exclusive,login=false,nodelist=n[1,3],extra=[\"--a=1\",\"--b\"],x=a=b"))
        #expect(option.settings.name == "slurm")
        #expect(
            option.settings.options == [
                "partition": .string("gpu"), "time": .int(60), "exclusive": .bool(true), "login": .bool(false),
                "nodelist": .string("n[1,3]"), "extra": .array([.string("--a=1"), .string("--b")]), "x": .string("a=b"),
            ])
        #expect(PlaceOption("slurm")?.settings.options == [:])
        #expect(PlaceOption("slurm:")?.settings.options == [:])
    }

    @Test("What names no place is a decorator's")
    func decorators() {
        for text in ["retry", "retry:times=3", "", ":", "resources:cpu=2"] { #expect(PlaceOption(text) == nil) }
    }
}
