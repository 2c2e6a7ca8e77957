import Muster
import MusterModel
import Testing

@Suite struct SlurmDecoratorTests {
    @Test("@Slurm names the place and the options that are given, and nothing else")
    func options() {
        var settings = StepSettings()
        Slurm(
            partition: "gpu", time: "2:00:00", exclusive: true, setup: ["module load cuda"], extra: ["--nice=5"],
            queueDeadline: 30
        ).apply(to: &settings)
        #expect(
            settings.place
                == PlaceSettings(
                    name: "slurm",
                    options: [
                        "partition": .string("gpu"), "time": .string("2:00:00"), "exclusive": .bool(true),
                        "setup": .array([.string("module load cuda")]), "extra": .array([.string("--nice=5")]),
                        "queueDeadline": .double(30),
                    ]))
        var plain = StepSettings()
        Slurm().apply(to: &plain)
        #expect(plain.place == PlaceSettings(name: "slurm"))
        #expect(!plain.isGang && plain.resources == nil)
    }
}
