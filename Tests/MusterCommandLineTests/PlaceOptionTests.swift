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

    @Test("Amounts are resources of each node, and no options of the place; what is no number is refused by that")
    func amounts() throws {
        let option = try #require(PlaceOption("batch:cpu=8,memory=24000,gpu=1,queue=gpus"))
        #expect(option.resources == Resources(cpu: 8, gpu: 1, memory: 24_000 << 20))
        #expect(option.settings.options == ["queue": .string("gpus")])
        #expect(PlaceOption("batch:memory=100")?.resources == Resources(cpu: 1, gpu: 0, memory: 100 << 20))
        #expect(PlaceOption("batch:cpu=many")?.settings.options == ["cpu": .string("many")])
        #expect(PlaceOption("batch")?.resources == nil)
    }

    @Test("What names no place is a decorator's")
    func decorators() {
        for text in ["retry", "retry:times=3", "", ":", "resources:cpu=2"] { #expect(PlaceOption(text) == nil) }
    }
}
